// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads any struct that has a schema from a tinyxml2 element.
#pragma once
#include "model/reading.hpp"

namespace vireo::model {

class XmlReader : public Reading {
public:
    // A fragment of a document, carried by JSON: its prefixes may be declared around it, where nobody sees.
    enum class Of { document, fragment };
    explicit XmlReader(bool lenient, Of of = Of::document) : Reading(lenient), fragment_(of == Of::fragment) {}
    // The element and all below it into the object, a T of schema<T>(). False: see error().
    bool read(const tinyxml2::XMLElement& xml, void* object, const Element& element, const Frame& at);
    // The same for what was met already: attributes and children are added, nothing is required.
    bool read_more(const tinyxml2::XMLElement& xml, void* object, const Element& element, const Frame& at, Seen& seen,
                   std::string_view skip = {});

private:
    struct Here {  // the element that is being read
        const tinyxml2::XMLElement& xml;
        void* object;
        const Element& element;
        const Frame& at;
        Seen& seen;
    };
    bool read_attributes(const Here& here, std::string_view skip);
    bool read_content(const Here& here);
    bool read_child(const Here& here, const tinyxml2::XMLElement& child);
    // Forgets what was read of a flattened child, which is then kept as a whole.
    void undo(const Here& here, const Field& field);
    bool read_known(const Here& here, const tinyxml2::XMLElement& child, const Field& field, const Frame& at);
    bool read_text_child(const Here& here, const tinyxml2::XMLElement& child, const Field& field, const Frame& at);
    bool read_attribute_child(const Here& here, const tinyxml2::XMLElement& child, const Field& field, const Frame& at);
    bool read_wrapped(const Here& here, const tinyxml2::XMLElement& child, const Field& field, const Frame& at);
    bool read_raw(const Here& here, const tinyxml2::XMLElement& child, const Field& field, const Frame& at);
    // An attribute that a flattened child element should not have.
    bool stray_attribute(const Here& here, const tinyxml2::XMLElement& child, const Field& field, const Frame& at,
                         std::string_view name, std::string_view value, int line);
    bool undeclared(const Frame& at, std::string_view prefix);
    static bool unit_of_present(const Here& here, std::string_view name);
    bool no_content(const tinyxml2::XMLElement& child, const Frame& at);
    bool collect_text(const tinyxml2::XMLElement& xml, const Frame& at, std::string& text);
    // The word into the field's member. OrKeep: what is no value of it may be kept beside it, where that is forgiven.
    enum class OrKeep { no, yes };
    bool set(const Here& here, const Field& field, std::string_view word, const Frame& at, std::string_view attribute,
             int line, OrKeep or_keep = OrKeep::no);

    bool fragment_ = false;
    bool default_namespace_ = false;  // an xmlns='…' was met
};

}  // namespace vireo::model
