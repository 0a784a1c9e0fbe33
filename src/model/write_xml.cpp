// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/write_xml.hpp"

#include "model/xml_text.hpp"

namespace vireo::model {
namespace {

// Which namespaces of the table (bit: id) were written and must be declared at the root; which cannot be, for the
// document's own declarations, which were kept, use the prefix for something else.
struct Spaces {
    std::uint32_t used = 0;
    std::uint32_t taken = 0;
};

class Writer {
public:
    // own: the namespace of the element's name; parent: of the element that it is in.
    Writer(std::string& out, const void* object, const Element& element, std::size_t depth, Spaces& spaces,
           NamespaceId own = 0, NamespaceId parent = 0)
        : out_(out),
          object_(object),
          element_(element),
          depth_(depth),
          spaces_(spaces),
          own_(own),
          parent_(parent),
          kept_(element.kept_of(object)) {
        if (kept_ && !kept_->has_value()) kept_ = nullptr;
    }

    void write(std::string_view name, std::string_view discriminator, std::string_view word) {
        start(depth_, name);
        mark(own_, parent_);
        if (!word.empty()) attribute(discriminator, word);
        for (const auto& field : element_.fields)
            if (field.in_attribute() && field.count(object_)) scalar_attribute(field.name, field, field.at(object_, 0));
        const auto* text = element_.text(object_);
        if (text && !text->count(object_)) text = nullptr;
        if (text && !text->unit.empty()) unit_attribute(*text, text->at(object_, 0));
        kept_attributes({});
        if (depth_ == 0) root_declared_ = out_.size();
        if (text) {
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

    // Behind the attributes of the root. For depth 0 only.
    void declare_namespaces() {
        std::string declarations;
        for (NamespaceId id = 1; id <= namespaces.size(); ++id)
            if (spaces_.used >> id & 1) declare(declarations, id);
        out_.insert(root_declared_, declarations);
    }
    static void declare(std::string& out, NamespaceId id) {
        const auto& known = namespace_by_id(id);
        out.append(" xmlns:").append(known.prefix).append("='").append(known.uri).append("'");
    }
    void note_taken() {
        if (!kept_) return;
        for (const auto& item : **kept_)
            if (is_namespace_declaration(item.attribute) && item.element.empty())
                spaces_.taken |= 1U << namespace_of_prefix(declared_prefix(item.attribute));
    }

private:
    void indent(std::size_t depth) { out_.append(depth * 2, ' '); }
    void start(std::size_t depth, std::string_view name) {
        indent(depth);
        out_.append("<").append(name);
    }
    void start(std::size_t depth, const Field& field) {
        start(depth, field.name);
        mark(field.space, own_);
    }
    // A namespace is declared once, at the root; where it cannot be, at each outermost element of it.
    void mark(NamespaceId space, NamespaceId around) {
        if (!space) return;
        if (!(spaces_.taken >> space & 1))
            spaces_.used |= 1U << space;
        else if (around != space)
            declare(out_, space);
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
        if (!field.unit.empty()) unit_attribute(field, value);
    }
    void unit_attribute(const Field& field, const void* value) {
        attribute(field.unit, unit_for(*static_cast<const std::uint64_t*>(value), field.traits.size).name);
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

    bool has_kept_attributes(std::string_view of) const {
        return kept_ && std::ranges::any_of(**kept_, [&](const KeptItem& item) {
                   return !item.attribute.empty() && item.element == of;
               });
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
        if (field.kind == Field::Kind::element) return nested(field, field.name, value, depth_ + 1);
        start(depth_ + 1, field);
        if (!field.unit.empty()) unit_attribute(field, value);
        for (const auto* next = &field + 1;
             next != element_.fields.data() + element_.fields.size() && next->kind == Field::Kind::beside; ++next)
            if (next->count(object_)) scalar_attribute(next->inner, *next, next->at(object_, 0));
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
        if (count == 0 && has_kept_attributes(fields[first].name)) count = 1;
        for (std::size_t n = 0; n < count; ++n) {
            start(depth_ + 1, fields[first]);
            for (std::size_t i = first; i < end; ++i)
                if (n < fields[i].count(object_))
                    scalar_attribute(fields[i].inner, fields[i], fields[i].at(object_, n));
            kept_attributes(fields[first].name);
            out_ += "/>\n";
        }
    }

    void wrapped(const Field& field, std::size_t count) {
        start(depth_ + 1, field);
        out_ += ">\n";
        for (std::size_t n = 0; n < count; ++n) nested(field, field.inner, field.at(object_, n), depth_ + 2);
        indent(depth_ + 1);
        end_inline(field.name);
    }

    void nested(const Field& field, std::string_view name, const void* value, std::size_t depth);

    std::string& out_;
    const void* object_;
    const Element& element_;
    std::size_t depth_;
    Spaces& spaces_;
    NamespaceId own_;
    NamespaceId parent_;
    const Kept* kept_;
    std::size_t root_declared_ = 0;
};

struct Chosen {  // the struct of an element, or the alternative of a variant
    const void* object;
    const Element* element;
    std::string_view word;
};
Chosen chosen(const void* object, const Element& element) {
    if (element.alternatives.empty()) return {object, &element, {}};
    const auto& alternative = element.alternatives[element.alternative_of(object)];
    return {alternative.get(object), &alternative.element(), alternative.word};
}

void Writer::nested(const Field& field, std::string_view name, const void* value, std::size_t depth) {
    const auto& element = field.element();
    const auto what = chosen(value, element);
    const auto parent = field.kind == Field::Kind::wrapped ? field.space : own_;
    Writer(out_, what.object, *what.element, depth, spaces_, field.space, parent)
        .write(name, element.discriminator, what.word);
}

}  // namespace

void write_xml(std::string& out, std::string_view name, const void* object, const Element& element) {
    Spaces spaces;
    const auto what = chosen(object, element);
    Writer writer(out, what.object, *what.element, 0, spaces);
    writer.note_taken();
    writer.write(name, element.discriminator, what.word);
    writer.declare_namespaces();
}

}  // namespace vireo::model
