#pragma once

#include <string>
#include <vector>

namespace packed::binding {

/// \brief Where in a schema a walk is; spelled out only when an error needs it.
///
/// Refers to names of the schema that is walked.
class FieldPath {
 public:
  void Push(const std::string& name) { names_.push_back(&name); }
  void Pop() { names_.pop_back(); }

  /// Dotted, `meta.price`.
  std::string ToString() const {
    std::string path;
    for (const std::string* name : names_) path += (path.empty() ? "" : ".") + *name;
    return path;
  }

 private:
  std::vector<const std::string*> names_;
};

}  // namespace packed::binding
