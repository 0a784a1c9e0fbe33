// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/write_xml.hpp"

#include "model/xml_text.hpp"

namespace vireo::model {
namespace {

class Writer {
public:
    Writer(std::string& out, const void* object, const Element& element, std::size_t depth)
        : out_(out), object_(object), element_(element), depth_(depth), kept_(element.kept_of(object)) {
        if (kept_ && !kept_->has_value()) kept_ = nullptr;
    }

    void write(std::string_view name, std::string_view discriminator, std::string_view word) {
        start(depth_, name);
        if (!discriminator.empty()) attribute(discriminator, word);
        for (const auto& field : element_.fields)
            if (field.in_attribute() && field.count(object_)) scalar_attribute(field.name, field, field.at(object_, 0));
        kept_attributes({});
        const auto* text = element_.text();
        if (text && text->count(object_)) {
            out_ += '>';
            scalar_text(*text, text->at(object_, 0));
            return end_inline(name);
        }
        const auto before = out_.size();
        out_ += ">\n";
        const auto body = out_.size();
        children();
        if (out_.size() == body) {
            out_.resize(before);
            out_ += "/>\n";
            return;
        }
        indent(depth_);
        end_inline(name);
    }

private:
    void indent(std::size_t depth) { out_.append(depth * 2, ' '); }
    void start(std::size_t depth, std::string_view name) {
        indent(depth);
        out_.append("<").append(name);
    }
    void end_inline(std::string_view name) { out_.append("</").append(name).append(">\n"); }

    void attribute(std::string_view name, std::string_view value) {
        out_.append(" ").append(name).append("='");
        append_attribute_value(out_, value);
        out_ += '\'';
    }
    // Only text may hold what has to be escaped; other words go straight to the output.
    static bool is_text(const Field& field) { return field.scalar == &scalar::text; }
    void scalar_attribute(std::string_view name, const Field& field, const void* value) {
        if (is_text(field)) return attribute(name, *static_cast<const std::string*>(value));
        out_.append(" ").append(name).append("='");
        field.scalar->format(value, out_, field.traits);
        out_ += '\'';
    }
    void scalar_text(const Field& field, const void* value) {
        if (is_text(field))
            append_text(out_, *static_cast<const std::string*>(value));
        else
            field.scalar->format(value, out_, field.traits);
    }
    void kept_attributes(std::string_view of) {
        if (!kept_) return;
        for (const auto& item : **kept_)
            if (!item.attribute.empty() && item.element == of) attribute(item.attribute, item.text);
    }

    void children() {
        const auto& fields = element_.fields;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            if (!fields[i].in_child()) continue;
            if (fields[i].kind == Field::Kind::child_attribute) {
                const auto first = i;
                while (i + 1 < fields.size() && fields[i + 1].kind == fields[i].kind &&
                       fields[i + 1].name == fields[i].name)
                    ++i;
                group(first, i + 1);
            } else if (const auto count = fields[i].count(object_)) {
                if (fields[i].kind == Field::Kind::wrapped)
                    wrapped(fields[i], count);
                else
                    for (std::size_t n = 0; n < count; ++n) child(fields[i], fields[i].at(object_, n));
            }
        }
        if (!kept_) return;
        for (const auto& item : **kept_)
            if (item.attribute.empty()) append_indented(out_, item.text, depth_ + 1);
    }

    void child(const Field& field, const void* value) {
        if (field.kind == Field::Kind::element) return write_xml(out_, field.name, value, field.element(), depth_ + 1);
        start(depth_ + 1, field.name);
        if (field.scalar == &scalar::bytes) out_ += " unit='KiB'";
        kept_attributes(field.name);
        if (field.kind == Field::Kind::flag) {
            out_ += "/>\n";
            return;
        }
        out_ += '>';
        if (field.kind == Field::Kind::raw) {
            out_ += '\n';
            append_indented(out_, *static_cast<const std::string*>(value), depth_ + 2);
            indent(depth_ + 1);
        } else {
            scalar_text(field, value);
        }
        end_inline(field.name);
    }

    void group(std::size_t first, std::size_t end) {
        const auto& fields = element_.fields;
        std::size_t count = 0;
        for (std::size_t i = first; i < end; ++i) count = std::max(count, fields[i].count(object_));
        for (std::size_t n = 0; n < count; ++n) {
            start(depth_ + 1, fields[first].name);
            for (std::size_t i = first; i < end; ++i)
                if (n < fields[i].count(object_))
                    scalar_attribute(fields[i].inner, fields[i], fields[i].at(object_, n));
            kept_attributes(fields[first].name);
            out_ += "/>\n";
        }
    }

    void wrapped(const Field& field, std::size_t count) {
        start(depth_ + 1, field.name);
        out_ += ">\n";
        for (std::size_t n = 0; n < count; ++n)
            write_xml(out_, field.inner, field.at(object_, n), field.element(), depth_ + 2);
        indent(depth_ + 1);
        end_inline(field.name);
    }

    std::string& out_;
    const void* object_;
    const Element& element_;
    std::size_t depth_;
    const Kept* kept_;
};

}  // namespace

void write_xml(std::string& out, std::string_view name, const void* object, const Element& element, std::size_t depth) {
    if (element.alternatives.empty()) return Writer(out, object, element, depth).write(name, {}, {});
    const auto& chosen = element.alternatives[element.alternative_of(object)];
    Writer(out, chosen.get(object), chosen.element(), depth).write(name, element.discriminator, chosen.word);
}

}  // namespace vireo::model
