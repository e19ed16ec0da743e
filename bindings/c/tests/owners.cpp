// The owners of hwmigrate.hpp: as large as a pointer, moved and never copied, written by functions only when these
// give something, and all of it without exceptions and run-time types.

#include <cstdio>
#include <cstdlib>
#include <hwmigrate.hpp>

#define CHECK(condition)                                                                          \
    do {                                                                                          \
        if (!(condition)) {                                                                       \
            std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                                         \
        }                                                                                         \
    } while (0)

template <class... Owners>
constexpr bool are_owners = ((!std::is_copy_constructible_v<Owners> && !std::is_copy_assignable_v<Owners> &&
                              std::is_nothrow_move_constructible_v<Owners> && std::is_nothrow_move_assignable_v<Owners> &&
                              sizeof(Owners) == sizeof(void *)) &&
                             ...);
static_assert(are_owners<hwm::text, hwm::cancel, hwm::client, hwm::config, hwm::credentials, hwm::error, hwm::event,
                         hwm::fleet, hwm::list, hwm::progress, hwm::request, hwm::value, hwm::wait>);
static_assert(!std::is_copy_constructible_v<hwm::output<hwm_client>>);

static std::string_view setting(const char *name) {
    const auto value = hwm::view(std::getenv(name));
    CHECK(!value.empty());
    return value;
}

// What a callback carries along is destroyed once, whoever gives it up.
static int alive = 0;

struct counted {
    int *calls;
    explicit counted(int *calls) noexcept : calls(calls) { alive++; }
    counted(counted &&other) noexcept : calls(other.calls) { alive++; }
    counted(const counted &) = delete;
    ~counted() { alive--; }
    bool operator()(const hwm_progress *progress) noexcept {
        CHECK(!hwm::view(hwm_progress_id(progress)).empty());
        return ++*calls < 1;
    }
};

static void outputs() {
    hwm::error error;
    hwm::config config;
    CHECK(hwm_config_new(hwm::out(config), hwm::out(error)) == HWM_OK);
    CHECK(config && !error);
    const auto *before = config.get();
    CHECK(hwm_config_new(nullptr, hwm::out(error)) == HWM_ARGUMENT);
    CHECK(error && hwm_error_result(error.get()) == HWM_ARGUMENT && config.get() == before);
    const auto *told = error.get();
    CHECK(hwm_config_new(hwm::out(config), hwm::out(error)) == HWM_OK); // the one before is freed
    CHECK(error.get() == told);                                          // and what was not written is kept
    hwm::config moved = std::move(config);
    CHECK(moved && !config);
    CHECK(hwm::view(nullptr).empty() && hwm::view("a") == "a");
}

static void callbacks() {
    hwm::error error;
    hwm::client client;
    hwm::request request;
    hwm::wait wait;
    hwm::progress last;
    int64_t id = 0;
    int calls = 0;
    const auto region = setting("HWMIGRATE_REGION");
    const auto source = setting("SOURCE_SK"), target = setting("DESTINATION_SK");
    CHECK(hwm_client_new(nullptr, hwm::out(client), hwm::out(error)) == HWM_OK);
    CHECK(hwm_request_new(hwm::out(request), nullptr) == HWM_OK);
    CHECK(hwm_request_set_source(request.get(), "HuaweiCloud", region.data(), "source", "ak", 2, source.data(),
                                 source.size()) == HWM_OK);
    CHECK(hwm_request_set_destination(request.get(), region.data(), "destination", "ak", 2, target.data(),
                                      target.size()) == HWM_OK);
    CHECK(hwm_task_create(client.get(), request.get(), &id, hwm::out(error)) == HWM_OK);
    CHECK(hwm_task_wait(client.get(), id, hwm::out(wait), hwm::out(error)) == HWM_OK);
    CHECK(hwm_wait_set_deadline(wait.get(), 60000) == HWM_OK);
    CHECK(hwm::on_progress(wait, counted(&calls)) == HWM_OK);
    CHECK(hwm::on_progress(wait, counted(&calls)) == HWM_OK); // in place of the first
    CHECK(alive == 1);
    CHECK(hwm_wait_run(wait.get(), hwm::out(last), hwm::out(error)) == HWM_CANCELLED);
    CHECK(calls == 1 && alive == 1 && !last);
    wait.reset();
    CHECK(alive == 0);
    CHECK(hwm::on_progress(wait, counted(&calls)) == HWM_ARGUMENT); // no wait; the callback is destroyed even so
    CHECK(alive == 0);
    CHECK(hwm_task_delete_when_stopped(client.get(), id, 60000, hwm::out(error)) == HWM_OK);
}

int main() {
    outputs();
    callbacks();
    return 0;
}
