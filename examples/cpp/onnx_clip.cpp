#include "onnx_clip.hpp"

#include <cstdint>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

// A protobuf message is a row of entries; a key is eight times the field's number plus the way it is stored.
using Message = std::vector<std::pair<std::uint64_t, std::string>>;

enum Storage : std::uint64_t { kVarint = 0, kEightBytes = 1, kCounted = 2, kFourBytes = 5 };

constexpr std::uint64_t key(std::uint64_t field, Storage storage) { return 8 * field + storage; }

// From onnx.proto.
constexpr auto kModelGraph = key(7, kCounted), kGraphNode = key(1, kCounted);
constexpr auto kNodeInput = key(1, kCounted), kNodeOutput = key(2, kCounted), kNodeType = key(4, kCounted),
               kNodeAttribute = key(5, kCounted);
constexpr auto kAttributeName = key(1, kCounted), kAttributeFloat = key(2, kFourBytes),
               kAttributeTensor = key(5, kCounted), kAttributeType = key(20, kVarint);
constexpr auto kTensorBytes = key(9, kCounted);
constexpr char kFloatType = 1;

std::uint64_t read_varint(const std::string& bytes, std::size_t& at) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const unsigned char byte = bytes.at(at++);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  throw std::out_of_range("a number without end");
}

void write_varint(std::uint64_t value, std::string& bytes) {
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  bytes += static_cast<char>(value);
}

std::size_t read_length(Storage storage, const std::string& bytes, std::size_t& at) {
  std::size_t end = at;
  switch (storage) {
    case kVarint: read_varint(bytes, end); return end - at;
    case kEightBytes: return 8;
    case kCounted: return read_varint(bytes, at);
    case kFourBytes: return 4;
  }
  throw std::out_of_range("an unknown kind of entry");
}

Message read(const std::string& bytes) {
  Message message;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint64_t entry = read_varint(bytes, at);
    const std::size_t length = read_length(static_cast<Storage>(entry % 8), bytes, at);
    if (length > bytes.size() - at) throw std::out_of_range("an entry that is cut short");
    message.emplace_back(entry, bytes.substr(at, length));
    at += length;
  }
  return message;
}

std::string write(const Message& message) {
  std::string bytes;
  for (const auto& [entry, content] : message) {
    write_varint(entry, bytes);
    if (entry % 8 == kCounted) write_varint(content.size(), bytes);
    bytes += content;
  }
  return bytes;
}

std::string first(const Message& message, std::uint64_t wanted) {
  for (const auto& [entry, content] : message)
    if (entry == wanted) return content;
  return {};
}

std::string constant_value(const Message& node) {
  return first(read(first(read(first(node, kNodeAttribute)), kAttributeTensor)), kTensorBytes);
}

std::string float_attribute(const std::string& name, const std::string& value) {
  return write({{kAttributeName, name}, {kAttributeFloat, value}, {kAttributeType, {kFloatType}}});
}

// Takes a Clip node and the constants before it, by name and as bytes.
Message with_attributes(const Message& node, const std::map<std::string, std::string>& constants) {
  Message changed;
  std::vector<std::string> bounds;
  for (const auto& [entry, content] : node)
    if (entry == kNodeInput && constants.count(content)) bounds.push_back(constants.at(content));
    else changed.emplace_back(entry, content);
  if (bounds.size() != 2 || bounds[0].size() != 4 || bounds[1].size() != 4) return node;
  changed.emplace_back(kNodeAttribute, float_attribute("min", bounds[0]));
  changed.emplace_back(kNodeAttribute, float_attribute("max", bounds[1]));
  return changed;
}

std::string rewrite_graph(const std::string& bytes) {
  Message graph = read(bytes);
  std::map<std::string, std::string> constants;
  for (auto& [entry, content] : graph) {
    if (entry != kGraphNode) continue;
    const Message node = read(content);
    if (first(node, kNodeType) == "Constant") constants[first(node, kNodeOutput)] = constant_value(node);
    if (first(node, kNodeType) == "Clip") content = write(with_attributes(node, constants));
  }
  return write(graph);
}

}  // namespace

std::string with_clip_attributes(const std::string& model) {
  Message message = read(model);
  for (auto& [entry, content] : message)
    if (entry == kModelGraph) content = rewrite_graph(content);
  return write(message);
}
