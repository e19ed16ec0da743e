// Copies a whole bucket as a task group, and tells how it goes. C++17.
//
//     groups SOURCE_BUCKET DESTINATION_BUCKET
//
// Settings as in create_and_wait.c.

#include <cstdio>
#include <cstdlib>
#include <hwmigrate.hpp>
#include <iostream>
#include <string_view>

static std::string_view setting(const char *name) {
    return hwm::view(std::getenv(name));
}

static int failed(hwm_result result, const hwm::error &error) {
    std::cerr << "error: " << hwm::view(hwm_error_message(error.get())) << '\n';
    return result;
}

int main(int count, char **words) {
    if (count != 3) {
        std::cerr << "usage: groups SOURCE_BUCKET DESTINATION_BUCKET\n";
        return HWM_INVALID;
    }
    hwm::error error;
    hwm::client client;
    if (auto result = hwm_client_new(nullptr, hwm::out(client), hwm::out(error)); result != HWM_OK) {
        return failed(result, error);
    }

    hwm::request request;
    if (auto result = hwm_request_new(hwm::out(request), hwm::out(error)); result != HWM_OK) {
        return failed(result, error);
    }
    const auto region = setting("HWMIGRATE_REGION");
    const auto source_ak = setting("SOURCE_AK"), source_sk = setting("SOURCE_SK");
    const auto target_ak = setting("DESTINATION_AK"), target_sk = setting("DESTINATION_SK");
    hwm_request_set_source(request.get(), "HuaweiCloud", region.data(), words[1], source_ak.data(), source_ak.size(),
                           source_sk.data(), source_sk.size());
    hwm_request_set_destination(request.get(), region.data(), words[2], target_ak.data(), target_ak.size(),
                                target_sk.data(), target_sk.size());

    hwm::text group;
    if (auto result =
            hwm_group_create_once(client.get(), request.get(), nullptr, hwm::out(group), nullptr, hwm::out(error));
        result != HWM_OK) {
        return failed(result, error);
    }
    std::cout << "group " << group.get() << '\n';

    hwm::wait wait;
    if (auto result = hwm_group_wait(client.get(), group.get(), hwm::out(wait), hwm::out(error)); result != HWM_OK) {
        return failed(result, error);
    }
    hwm_wait_set_deadline(wait.get(), 24 * 3600 * INT64_C(1000));
    hwm_wait_set_poll(wait.get(), 100, 5000);
    hwm::on_progress(wait, [last = -1.0](const hwm_progress *progress) mutable noexcept {
        const double share = hwm_progress_fraction(progress);
        if (share != last) std::printf("%s\n", hwm_progress_text(progress));
        last = share;
        return true;
    });
    hwm::progress end;
    const auto result = hwm_wait_run(wait.get(), hwm::out(end), hwm::out(error));
    if (result != HWM_OK) {
        return failed(result, error);
    }
    std::cout << "done: " << hwm_progress_objects_done(end.get()) << " objects\n";
    return HWM_OK;
}
