// hwmigrate.hpp: owning pointers for C++17, and nothing else.
//
// The functions are those of hwmigrate.h. What this header adds is that handles, errors and texts free
// themselves. It throws nothing and needs no exceptions:
//
//     hwm::client client;
//     hwm::error error;
//     if (hwm_client_new(nullptr, hwm::out(client), hwm::out(error)) != HWM_OK) {
//         std::cerr << hwm::view(hwm_error_message(error.get())) << '\n';
//     }

#ifndef HWMIGRATE_HPP
#define HWMIGRATE_HPP

#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include "hwmigrate.h"

namespace hwm {

/// Frees whatever the library gave.
struct freeing {
    void operator()(char *text) const noexcept { hwm_string_free(text); }
    void operator()(hwm_cancel *handle) const noexcept { hwm_cancel_free(handle); }
    void operator()(hwm_client *handle) const noexcept { hwm_client_free(handle); }
    void operator()(hwm_config *handle) const noexcept { hwm_config_free(handle); }
    void operator()(hwm_credentials *handle) const noexcept { hwm_credentials_free(handle); }
    void operator()(hwm_error *handle) const noexcept { hwm_error_free(handle); }
    void operator()(hwm_event *handle) const noexcept { hwm_event_free(handle); }
    void operator()(hwm_fleet *handle) const noexcept { hwm_fleet_free(handle); }
    void operator()(hwm_list *handle) const noexcept { hwm_list_free(handle); }
    void operator()(hwm_progress *handle) const noexcept { hwm_progress_free(handle); }
    void operator()(hwm_request *handle) const noexcept { hwm_request_free(handle); }
    void operator()(hwm_value *handle) const noexcept { hwm_value_free(handle); }
    void operator()(hwm_wait *handle) const noexcept { hwm_wait_free(handle); }
};

/// Owns what the library gave; `get()` is what its functions take.
template <class T>
using owned = std::unique_ptr<T, freeing>;

using text = owned<char>;
using cancel = owned<hwm_cancel>;
using client = owned<hwm_client>;
using config = owned<hwm_config>;
using credentials = owned<hwm_credentials>;
using error = owned<hwm_error>;
using event = owned<hwm_event>;
using fleet = owned<hwm_fleet>;
using list = owned<hwm_list>;
using progress = owned<hwm_progress>;
using request = owned<hwm_request>;
using value = owned<hwm_value>;
using wait = owned<hwm_wait>;

/// An output parameter that ends in an owner. What the owner held before is freed, unless the function
/// leaves the output alone: then it is kept.
template <class T>
class output {
  public:
    explicit output(owned<T> &owner) noexcept : owner_(owner) {}
    output(const output &) = delete;
    output &operator=(const output &) = delete;
    ~output() {
        if (given_ != nullptr) owner_.reset(given_);
    }
    operator T **() noexcept { return &given_; }

  private:
    owned<T> &owner_;
    T *given_ = nullptr;
};

/// Lets a function write into an owner: `hwm_client_new(nullptr, hwm::out(client), hwm::out(error))`.
/// The owner has it at the end of the full expression, so use it in the next statement, not behind `&&`.
template <class T>
output<T> out(owned<T> &owner) noexcept {
    return output<T>(owner);
}

/// A text of the library, which may be NULL, as a view; empty for NULL.
inline std::string_view view(const char *text) noexcept {
    return text == nullptr ? std::string_view() : std::string_view(text);
}

/// Calls `look(const hwm_progress *) -> bool` with every look of a wait; false ends it.
///
/// `look` is moved into the wait. It must be noexcept: no exception may pass through the library.
template <class Look>
hwm_result on_progress(const wait &wait, Look look) {
    static_assert(std::is_nothrow_invocable_r_v<bool, Look &, const hwm_progress *>,
                  "the callback must be noexcept and return bool");
    auto kept = std::make_unique<Look>(std::move(look));
    return hwm_wait_set_progress(
        wait.get(),
        [](void *user_data, const hwm_progress *progress) -> bool { return (*static_cast<Look *>(user_data))(progress); },
        kept.release(), [](void *user_data) { delete static_cast<Look *>(user_data); });
}

}  // namespace hwm

#endif  // HWMIGRATE_HPP
