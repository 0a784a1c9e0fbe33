// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/xml_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace vireo::model {
namespace {

// Characters that need no second look.
using Table = std::array<bool, 256>;
template <class Predicate>
constexpr Table marked(Predicate predicate) {
    Table table{};
    for (unsigned c = 0; c < 256; ++c) table[c] = predicate(static_cast<unsigned char>(c));
    return table;
}
constexpr Table plain =
    marked([](unsigned char c) { return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t' || c == '\r'; });
constexpr Table text = marked([](unsigned char c) { return c != '<' && c != '&'; });
constexpr Table in_tag =
    marked([](unsigned char c) { return c != '<' && c != '&' && c != '=' && c != '"' && c != '\'' && c != '>'; });

class Scanner {
public:
    explicit Scanner(std::string_view xml) : xml_(xml) {}

    Result<> run() {
        if (auto good = check_characters(); !good) return good;
        for (at_ = 0;;) {
            at_ = skip(at_, text);
            if (at_ == xml_.size()) return {};
            if (auto good = xml_[at_] == '<' ? markup() : reference(); !good) return good;
        }
    }

private:
    Failure fault(std::string_view what) const {
        const auto line = 1 + std::count(xml_.begin(), xml_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
        return fail(Errc::invalid_config, "line ", std::to_string(line), ": ", what);
    }

    // UTF-8 without control characters.
    Result<> check_characters() {
        for (at_ = 0;;) {
            at_ = skip(at_, plain);
            if (at_ == xml_.size()) return {};
            const auto lead = static_cast<unsigned char>(xml_[at_]);
            if (lead < 0x80) return fault("a control character is not allowed in XML");
            const auto length = sequence_length(lead);
            if (!length) return fault("the document is not UTF-8");
            at_ += length;
        }
    }

    // Past all characters that are marked in the table.
    std::size_t skip(std::size_t at, const Table& marked_ones) const {
        while (at < xml_.size() && marked_ones[static_cast<unsigned char>(xml_[at])]) ++at;
        return at;
    }

    std::size_t sequence_length(unsigned char lead) const {  // 0: not UTF-8
        const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead < 0xc2 || lead > 0xf4 || xml_.size() - at_ < length) return 0;
        std::uint32_t code = lead & (0xffu >> (length + 1));
        for (std::size_t i = 1; i < length; ++i) {
            const auto next = static_cast<unsigned char>(xml_[at_ + i]);
            if ((next & 0xc0) != 0x80) return 0;
            code = code << 6 | (next & 0x3f);
        }
        constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
        return code >= least[length] && valid(code) ? length : 0;
    }
    static bool valid(std::uint32_t code) { return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff); }

    Result<> skip_past(std::string_view end, std::string_view what) {
        const auto found = xml_.find(end, at_);
        if (found == xml_.npos) return fault(what);
        at_ = found + end.size();
        return {};
    }

    Result<> markup() {
        const auto rest = xml_.substr(at_);
        if (rest.starts_with("<!--")) return at_ += 4, skip_past("-->", "a comment does not end");
        if (rest.starts_with("<![CDATA[")) return skip_past("]]>", "a CDATA section does not end");
        if (rest.starts_with("<!")) return fault("a document type or entity declaration is not allowed");
        if (rest.starts_with("<?")) return skip_past("?>", "a processing instruction does not end");
        return tag();
    }

    Result<> tag() {
        constexpr std::size_t most_attributes = 256;  // tinyxml2 compares each with each
        char quote = 0;
        std::size_t attributes = 0;
        for (++at_; at_ < xml_.size();) {
            at_ = skip(at_, in_tag);
            if (at_ == xml_.size()) break;
            const char c = xml_[at_];
            if (c == '&') {
                if (auto good = reference(); !good) return good;
                continue;
            }
            if (c == '<')
                return fault(quote ? "'<' in the value of an attribute must be written &lt;" : "a tag does not end");
            if (c == '=' && !quote && ++attributes > most_attributes)
                return fault("an element has too many attributes");
            if (quote ? c == quote : c == '"' || c == '\'') quote = quote ? 0 : c;
            ++at_;
            if (c == '>' && !quote) return {};
        }
        return fault("a tag does not end");
    }

    Result<> reference() {
        const auto end = xml_.substr(at_, 12).find(';');
        if (end == xml_.npos) return fault("'&' must be written &amp;");
        const auto name = xml_.substr(at_ + 1, end - 1);
        if (name.starts_with('#')) {
            const bool hex = name.starts_with("#x");
            const auto digits = name.substr(hex ? 2 : 1);
            std::uint32_t code = 0;
            const auto [stop, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
            const bool control = (code < 0x20 && code != '\n' && code != '\t' && code != '\r') || code == 0x7f;
            if (error != std::errc() || stop != digits.data() + digits.size() || control || !valid(code))
                return fault("&" + std::string(name) + "; is not a character");
        } else if (name != "amp" && name != "lt" && name != "gt" && name != "quot" && name != "apos") {
            return fault("the entity &" + std::string(name) + "; is not allowed; only XML's own five are");
        }
        at_ += end + 1;
        return {};
    }

    std::string_view xml_;
    std::size_t at_ = 0;
};

}  // namespace

Result<> scan_xml(std::string_view xml) {
    return Scanner(xml).run();
}

}  // namespace vireo::model
