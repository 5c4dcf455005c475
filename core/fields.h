#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/field_collections.h"
#include "core/field_kinds.h"
#include "core/member_count.h"

namespace bandwright {

// An input struct names its members once:
//
//   const Fields<Tier> tier_fields("tier", "one kind of memory",
//       required("name", &Tier::name, kinds::text(), "of the memory"),
//       required("capacity", &Tier::capacity, kinds::size(Bytes(1)), "of one processor"),
//       optional("price", &Tier::price, kinds::number(0.0, 1e6), "dollars per GB"));
//
// From this follow reading a map of a YAML file (unknown, missing and repeated keys refused with their
// place), writing one, the identity of the content, and the tables and schemas of the documentation. A member
// that is left out does not compile, so that none can be forgotten in any of them.

enum class FieldPresence : std::uint8_t {
  Required,
  Optional,  // left out: as the struct's own default has it
  Derived,   // in no file, set by a rule or from elsewhere; counts for the identity
};

// One member, whatever its struct.
struct InputField {
  std::string_view key;
  std::string_view help;
  FieldPresence presence = FieldPresence::Required;
  FieldShape shape;
  std::function<void(const YamlValue&, void*)> read;  // into the struct
  std::function<YamlTree(const void*)> write;
  std::string usual = {};  // the struct's own default, as yaml_line
};

// What ties members together: throws InputError, which gets the place of the key, or may complete the struct.
struct FieldRule {
  std::string_view key;
  std::function<void(void*)> apply;
};

// The members of a struct whose type is forgotten.
struct FieldList {
  std::string_view name;  // as the first key of a file says it
  std::string_view help;
  std::vector<InputField> fields;
  std::vector<FieldRule> rules;

  // Throws InputError unless `map` is such a file or part of one by its keys.
  void require_keys(const YamlValue& map) const;
  void read(const YamlValue& map, void* object) const;
  // All members; silent are those that are derived or as usual.
  [[nodiscard]] YamlTree write(const void* object) const;
};

// A key that a reader of its own reads.
inline InputField documented_key(FieldPresence presence, std::string_view name, FieldShape shape,
                                 std::string_view help) {
  return {name, help, presence, std::move(shape), nullptr, nullptr};
}

template <class T>
struct FieldOf {
  InputField field;
};

template <class T>
class Fields {
 public:
  template <class... Member>
  Fields(std::string_view name, std::string_view help, FieldOf<Member>... members)
      : list_{name, help, {std::move(members.field)...}, {}} {
    static_assert((std::is_same_v<T, Member> && ...));
    static_assert(sizeof...(Member) == member_count<T>, "every member is a field, each once");
    const T usual{};
    for (InputField& field : list_.fields) field.usual = yaml_line(field.write(&usual));
  }
  // Rules run in their order when all members are read.
  Fields&& rule(std::string_view key, std::function<void(T&)> apply) && {
    list_.rules.push_back(
        {key, [apply = std::move(apply)](void* object) { apply(*static_cast<T*>(object)); }});
    return std::move(*this);
  }

  // Throws InputError.
  [[nodiscard]] T read(const YamlValue& map) const {
    T object{};
    list_.read(map, &object);
    return object;
  }
  // A file that says its kind and leaves out what is as usual.
  [[nodiscard]] std::string file_text(const T& object) const {
    return std::string(kind_key) + ": " + std::string(list_.name) + "\n" + yaml_text(list_.write(&object));
  }
  // Every member, as text: equal for equal structs only.
  [[nodiscard]] std::string content(const T& object) const { return yaml_line(list_.write(&object)); }
  [[nodiscard]] const FieldList& list() const { return list_; }

 private:
  FieldList list_;
};

template <class T, class M>
FieldOf<T> make_field(FieldPresence presence, std::string_view key, M T::*member, Kind<M> kind,
                      std::string_view help) {
  return {{key, help, presence, std::move(kind.shape),
           [member, read = std::move(kind.read)](const YamlValue& value, void* object) {
             static_cast<T*>(object)->*member = read(value);
           },
           [member, write = std::move(kind.write)](const void* object) {
             return write(static_cast<const T*>(object)->*member);
           }}};
}

template <class T, class M>
FieldOf<T> required(std::string_view key, M T::*member, Kind<M> kind, std::string_view help) {
  return make_field(FieldPresence::Required, key, member, std::move(kind), help);
}
template <class T, class M>
FieldOf<T> optional(std::string_view key, M T::*member, Kind<M> kind, std::string_view help) {
  return make_field(FieldPresence::Optional, key, member, std::move(kind), help);
}
template <class T, class M>
FieldOf<T> optional(std::string_view key, std::optional<M> T::*member, Kind<M> kind, std::string_view help) {
  return make_field(FieldPresence::Optional, key, member, kinds::maybe(std::move(kind)), help);
}
template <class T, class M>
FieldOf<T> derived(std::string_view key, M T::*member, Kind<M> kind, std::string_view help) {
  return make_field(FieldPresence::Derived, key, member, std::move(kind), help);
}

namespace kinds {
// A map that is a struct of its own. REQUIRES that `fields` lives as long as the program.
template <class T>
Kind<T> object(const Fields<T>& fields) {
  FieldShape shape{.form = FieldShape::Form::Struct, .expected = "a map"};
  shape.fields = &fields.list();
  return {[&fields](const YamlValue& map) { return fields.read(map); },
          [&fields](const T& object) { return fields.list().write(&object); }, std::move(shape)};
}
}  // namespace kinds

}  // namespace bandwright
