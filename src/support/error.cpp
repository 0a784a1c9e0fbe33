// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/error.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

namespace vireo {

struct Error::Layer {
    Errc code = Errc::internal;
    std::string message, object, stage, hint;
    std::vector<std::string> needs;
    std::shared_ptr<const Layer> cause;
    std::string full;

    void join() {
        full = message;
        if (cause) full += ": " + cause->full;
    }
};

std::string_view to_string(Errc code) noexcept {
    switch (code) {
        case Errc::internal:
            return "Internal";
        case Errc::invalid_argument:
            return "InvalidArgument";
        case Errc::invalid_config:
            return "InvalidConfig";
        case Errc::not_found:
            return "NotFound";
        case Errc::already_exists:
            return "AlreadyExists";
        case Errc::invalid_state:
            return "InvalidState";
        case Errc::busy:
            return "Busy";
        case Errc::conflict:
            return "Conflict";
        case Errc::unsupported:
            return "Unsupported";
        case Errc::access_denied:
            return "AccessDenied";
        case Errc::timeout:
            return "Timeout";
        case Errc::cancelled:
            return "Cancelled";
        case Errc::system_failed:
            return "SystemFailed";
        case Errc::hypervisor_failed:
            return "HypervisorFailed";
        case Errc::limit_exceeded:
            return "LimitExceeded";
        case Errc::unavailable:
            return "Unavailable";
        case Errc::needs_confirmation:
            return "NeedsConfirmation";
        case Errc::not_applicable:
            return "NotApplicable";
    }
    return "Internal";
}

int rpc_code(Errc code) noexcept {
    if (code == Errc::invalid_argument) return -32602;  // JSON-RPC 2.0, section 5.1
    if (code == Errc::internal) return -32603;
    return -32000 - static_cast<int>(code);
}

Error::Error() : Error(Errc::internal, "no error") {}

Error::Error(Errc code, std::string message) {
    auto layer = std::make_shared<Layer>();
    layer->code = code;
    layer->message = std::move(message);
    layer->join();
    layer_ = std::move(layer);
}

Error::Error(Errc code, std::string message, const Error& cause) {
    auto layer = std::make_shared<Layer>();
    layer->code = code;
    layer->message = std::move(message);
    layer->object = cause.object();
    layer->stage = cause.stage();
    layer->hint = cause.hint();
    layer->needs = cause.needs();
    layer->cause = cause.layer_;
    layer->join();
    layer_ = std::move(layer);
}

Errc Error::code() const noexcept {
    return layer_->code;
}
const std::string& Error::message() const noexcept {
    return layer_->message;
}
const std::string& Error::object() const noexcept {
    return layer_->object;
}
const std::string& Error::stage() const noexcept {
    return layer_->stage;
}
const std::string& Error::hint() const noexcept {
    return layer_->hint;
}
const std::vector<std::string>& Error::needs() const noexcept {
    return layer_->needs;
}
const char* Error::what() const noexcept {
    return layer_->full.c_str();
}

std::vector<std::string> Error::causes() const {
    std::vector<std::string> all;
    for (auto* layer = layer_->cause.get(); layer; layer = layer->cause.get()) all.push_back(layer->message);
    return all;
}

Error Error::wrap(std::string context) const {
    return Error(code(), std::move(context), *this);
}

Error Error::with_code(Errc code) const {
    auto layer = std::make_shared<Layer>(*layer_);
    layer->code = code;
    return Error(std::move(layer));
}
Error Error::with_object(std::string object) const {
    if (!layer_->object.empty()) return *this;
    auto layer = std::make_shared<Layer>(*layer_);
    layer->object = std::move(object);
    return Error(std::move(layer));
}
Error Error::with_stage(std::string stage) const {
    if (!layer_->stage.empty()) return *this;
    auto layer = std::make_shared<Layer>(*layer_);
    layer->stage = std::move(stage);
    return Error(std::move(layer));
}
Error Error::with_hint(std::string hint) const {
    if (!layer_->hint.empty()) return *this;
    auto layer = std::make_shared<Layer>(*layer_);
    layer->hint = std::move(hint);
    return Error(std::move(layer));
}
Error Error::with_needs(std::vector<std::string> words) const {
    if (!layer_->needs.empty()) return *this;
    auto layer = std::make_shared<Layer>(*layer_);
    layer->needs = std::move(words);
    return Error(std::move(layer));
}

Error system_error(int error_number, std::string what) {
    auto code = Errc::system_failed;
    if (error_number == ENOENT || error_number == ESRCH) code = Errc::not_found;
    if (error_number == EEXIST) code = Errc::already_exists;
    if (error_number == EACCES || error_number == EPERM || error_number == EROFS) code = Errc::access_denied;
    auto error = Error(code, std::move(what) + ": " + std::strerror(error_number));
    if (error_number == ENOSPC || error_number == EDQUOT)
        return error.with_hint("free some space on that file system and try again");
    return error;
}

Error current_error(std::exception_ptr exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const Error& error) {
        return error;
    } catch (const boost::system::system_error& error) {
        if (error.code() == boost::asio::error::operation_aborted)
            return Error(Errc::cancelled, "the operation was cancelled");
        return Error(Errc::system_failed, error.code().message());
    } catch (const std::system_error& error) {
        if (error.code().category() == std::system_category() || error.code().category() == std::generic_category())
            return system_error(error.code().value(), "a system call failed");
        return Error(Errc::system_failed, error.what());
    } catch (const std::bad_alloc&) {
        return Error(Errc::limit_exceeded, "out of memory");
    } catch (const std::exception& error) {
        return Error(Errc::internal, error.what());
    } catch (...) {
        return Error(Errc::internal, "an unknown exception");
    }
}

}  // namespace vireo
