// SPDX-License-Identifier: LGPL-2.1-or-later
// The one error type of the daemon: a stable name the API promises, a sentence for a person, what it is about, how far
// the work had come, the chain of causes, and what the person can do. Thrown in coroutines, carried in Result<T> by
// plain functions whose failure is ordinary (parsers), converted once at the transport.
#pragma once
#include <exception>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vireo {

// Part of the API: the name is org.vireo1.Error.<to_string>, the JSON-RPC code is -32000 - value (see rpc_code()).
// Append only.
enum class Errc {
    internal = 0,      // a fault of Vireo itself; never for something the user did
    invalid_argument,  // a parameter of the call is malformed
    invalid_config,    // a definition is malformed, contradicts itself or asks for what Vireo does not do
    not_found,         // no such domain, job, file, method …
    already_exists,
    invalid_state,  // the object exists, but not in a state in which this can be done
    busy,           // another change of the same object is under way
    conflict,       // if-revision did not match
    unsupported,    // this host, hypervisor or build cannot do it
    access_denied,
    timeout,
    cancelled,
    system_failed,       // the operating system refused: disk full, I/O error …
    hypervisor_failed,   // QEMU (or another hypervisor) refused, died or sent nonsense
    limit_exceeded,      // the caller is over one of the daemon's bounds
    unavailable,         // a service that is needed (the bus, polkit) does not answer
    needs_confirmation,  // it has consequences that the caller must accept by name: needs() lists them
    not_applicable,      // the object has nothing of the kind that the call is about; nothing was changed
};
std::string_view to_string(Errc) noexcept;  // "InvalidConfig"
int rpc_code(Errc) noexcept;                // the JSON-RPC 2.0 error code

class [[nodiscard]] Error : public std::exception {
public:
    Error();  // "no error"; only so that containers can hold one
    Error(Errc code, std::string message);
    Error(Errc code, std::string message, const Error& cause);

    Errc code() const noexcept;
    const std::string& message() const noexcept;             // this layer's sentence only
    const std::string& object() const noexcept;              // what it is about: a domain's name, a file; may be empty
    const std::string& stage() const noexcept;               // the step of the work that failed; may be empty
    const std::string& hint() const noexcept;                // what the person can do; may be empty
    const std::vector<std::string>& needs() const noexcept;  // words that the caller must accept; usually none
    std::vector<std::string> causes() const;                 // the messages below this one, outermost first
    const char* what() const noexcept override;              // message and causes, joined by ": "

    // Copies with one thing set; an object, stage, hint or needs that is already set further down is kept.
    Error wrap(std::string context) const;  // a new outer layer: same code, this as its cause
    Error with_code(Errc code) const;
    Error with_object(std::string object) const;
    Error with_stage(std::string stage) const;
    Error with_hint(std::string hint) const;
    Error with_needs(std::vector<std::string> words) const;

private:
    struct Layer;
    explicit Error(std::shared_ptr<const Layer> layer) noexcept : layer_(std::move(layer)) {}
    std::shared_ptr<const Layer> layer_;  // shared: exceptions must copy without throwing
};

Error system_error(int error_number, std::string what);  // errno → "what: text", with the fitting code
Error current_error(std::exception_ptr);                 // any exception → Error (at boundaries)

template <class T = void>
using Result = std::expected<T, Error>;
using Failure = std::unexpected<Error>;
template <class... Args>
Failure fail(Errc code, Args&&... message_parts) {
    std::string text;
    (text.append(message_parts), ...);
    return Failure(Error(code, std::move(text)));
}

// The way from a Result to an exception: take(parse(x)).
template <class T>
T take(Result<T> result) {
    if (!result) throw std::move(result.error());
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace vireo
