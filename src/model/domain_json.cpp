// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/domain_json.hpp"

#include "model/read_json.hpp"
#include "model/schemas.hpp"
#include "model/validate.hpp"
#include "model/write_json.hpp"

namespace vireo::model {

Result<Parsed> parse_domain_json(const json::object& object, const ParseOptions& options) {
    Parsed parsed;
    JsonReader reader(options.lenient);
    const Frame at{nullptr, "domain", nullptr, {}};
    if (!reader.read(object, &parsed.domain, schema<Domain>(), at)) return Failure(reader.error());
    if (auto good = validate(parsed.domain); !good) return Failure(std::move(good.error()));
    parsed.warnings = reader.take_warnings();
    return parsed;
}

json::object format_domain_json(const Domain& domain) {
    return write_json(&domain, schema<Domain>());
}

}  // namespace vireo::model
