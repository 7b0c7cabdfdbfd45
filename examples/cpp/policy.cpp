#include "policy.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "onnx_clip.hpp"

using nlohmann::json;
using std::to_string;

namespace {

constexpr int kSchemaVersion = 2;
constexpr bool kOldClip = CV_VERSION_MAJOR == 4 && CV_VERSION_MINOR < 7;

std::size_t total_size(const std::vector<Field>& fields) {
  std::size_t size = 0;
  for (const Field& field : fields) size += field.elements.size();
  return size;
}

std::string layout(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields)
    text += (text.empty() ? "" : ", ") + field.name + " (" + to_string(field.elements.size()) + ")";
  return text;
}

bool is_finite(float value) { return std::isfinite(value); }

Field read_field(const json& entry) {
  const json& frame = entry.at("frame");
  Field field{entry.at("name"), entry.at("element_names"), entry.at("unit"), frame.is_null() ? "" : frame};
  if (entry.at("size") != field.elements.size())
    throw PolicyError(in_quotes(field.name) + " has " + to_string(field.elements.size()) +
                      " element names for a size of " + entry.at("size").dump());
  return field;
}

std::vector<Field> read_fields(const json& entries) {
  std::vector<Field> fields;
  for (const json& entry : entries) fields.push_back(read_field(entry));
  return fields;
}

}  // namespace

std::string in_quotes(const std::string& name) {
  return json(name).dump(-1, ' ', true, json::error_handler_t::replace);
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw PolicyError("cannot open " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

json read_json(const std::filesystem::path& file) {
  try {
    return json::parse(read_file(file));
  } catch (const json::exception& error) {
    throw PolicyError(file.string() + " is damaged or cut short: " + error.what());
  }
}

Policy::Policy(const std::filesystem::path& folder) {
  const std::filesystem::path document = folder / "policy.json";
  const json metadata = read_json(document);
  try {
    read_metadata(metadata);
  } catch (const std::runtime_error& error) {
    throw PolicyError(document.string() + " cannot be used: " + error.what());
  } catch (const json::exception& error) {
    throw PolicyError(document.string() + " cannot be used: " + error.what());
  }
  read_graph(folder / "policy.onnx");
}

void Policy::read_metadata(const json& metadata) {
  const json& version = metadata.at("schema_version");
  if (version != kSchemaVersion)
    throw PolicyError("it has version " + version.dump() + ", this program reads version " +
                      to_string(kSchemaVersion));
  const json &inputs = metadata.at("inputs"), &control = metadata.at("control");
  if (inputs != "obs" && inputs != "sensors")
    throw PolicyError("its inputs are " + inputs.dump() + ", known are \"obs\" and \"sensors\"");
  if (!control.at("low_pass_hz").is_null())
    throw PolicyError("the policy smooths its commands by a low pass, which this program cannot run");
  by_sensor_ = inputs == "sensors";
  sensors = read_fields(metadata.at("observations"));
  actions = read_fields(metadata.at("actions"));
  title = metadata.at("robot").at("name").get<std::string>() + " on " +
          metadata.at("task").get<std::string>() + ", " + control.at("type").get<std::string>() + " at " +
          control.at("frequency_hz").dump() + " Hz";
}

void Policy::read_graph(const std::filesystem::path& file) {
  std::string bytes = read_file(file);
  Values command;
  try {
    if (kOldClip) bytes = with_clip_attributes(bytes);
    net_ = cv::dnn::readNetFromONNX(bytes.data(), bytes.size());
  } catch (const std::exception&) {
    throw PolicyError(file.string() + " is damaged, cut short, or not for OpenCV " CV_VERSION);
  }
  try {
    command = run(Values(total_size(sensors)));
  } catch (const cv::Exception&) {
    throw PolicyError(file.string() + " does not read the sensors of policy.json: " + layout(sensors));
  }
  if (command.size() != total_size(actions))
    throw PolicyError(file.string() + " commands " + to_string(command.size()) +
                      " numbers, but policy.json describes " + layout(actions));
}

Values Policy::act(const Sensors& values) {
  for (const auto& [name, ignored] : values)
    if (std::none_of(sensors.begin(), sensors.end(), [&](const Field& field) { return field.name == name; }))
      throw PolicyError("unknown sensor " + in_quotes(name) + "; this policy reads " + layout(sensors));
  Values observation;
  for (const Field& field : sensors) {
    const auto found = values.find(field.name);
    if (found == values.end())
      throw PolicyError("missing sensor " + in_quotes(field.name) + "; this policy reads " + layout(sensors));
    const Values& value = found->second;
    if (value.size() != field.elements.size())
      throw PolicyError("sensor " + in_quotes(field.name) + " has " + to_string(value.size()) +
                        " values, expected " + to_string(field.elements.size()));
    if (!std::all_of(value.begin(), value.end(), is_finite))
      throw PolicyError("sensor " + in_quotes(field.name) + " is not finite");
    observation.insert(observation.end(), value.begin(), value.end());
  }
  return act_flat(observation);
}

Values Policy::act_flat(const Values& observation) {
  if (observation.size() != total_size(sensors))
    throw PolicyError("the observation has " + to_string(observation.size()) +
                      " values; this policy reads " + layout(sensors));
  if (!std::all_of(observation.begin(), observation.end(), is_finite))
    throw PolicyError("the observation is not finite");
  Values command = run(observation);
  if (!std::all_of(command.begin(), command.end(), is_finite))
    throw PolicyError("the command is not finite; the robot must not follow it");
  return command;
}

Values Policy::run(Values observation) {
  const auto feed = [this](float* values, std::size_t size, const std::string& input) {
    net_.setInput(cv::Mat(1, static_cast<int>(size), CV_32F, values), input);  // copies them
  };
  if (by_sensor_) {
    float* next = observation.data();
    for (const Field& field : sensors) {
      feed(next, field.elements.size(), field.name);
      next += field.elements.size();
    }
  } else {
    feed(observation.data(), observation.size(), "obs");
  }
  return net_.forward("actions").reshape(1, 1);  // (1, action size)
}
