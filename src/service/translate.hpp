// SPDX-License-Identifier: LGPL-2.1-or-later
// Between the words of domain/ and those of the API.
#pragma once
#include "api/call.hpp"
#include "api/types.hpp"
#include "domain/domain.hpp"
#include "model/compare.hpp"

#include <string>
#include <string_view>

namespace vireo::service {

inline constexpr std::string_view domain_prefix = "/org/vireo1/domain/";

api::ObjectPath path_of(std::string_view uuid);  // dashes become underscores
std::string uuid_of(std::string_view path);      // empty when it is no domain's path
api::DomainState translate(domain::State state);
api::Health translate(domain::Health health);
api::LifecycleEvent translate(domain::Lifecycle event);
domain::NvramDisposal translate(api::NvramDisposal disposal);
api::DefinitionChange translate(const model::Change& change);
api::DomainSummary summary_of(const domain::Domain& domain);
std::string requester_of(const api::Call& call);  // "uid 1000, rpc 7"

}  // namespace vireo::service
