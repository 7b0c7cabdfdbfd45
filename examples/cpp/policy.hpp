// A policy from a hand-over folder, run by OpenCV.
#pragma once

#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <opencv2/dnn.hpp>

// A policy that cannot be used, or sensor values that do not fit it; says so in one sentence.
class PolicyError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A part of what a policy reads or commands.
struct Field {
  std::string name;
  std::vector<std::string> elements;
  std::string unit;
  std::string frame;  // empty where there is none
};

using Values = std::vector<float>;

// Raw sensor values by name, in the units and frames that the policy states.
using Sensors = std::map<std::string, Values>;

class Policy {
 public:
  // Reads policy.json and policy.onnx, and runs the policy once on zeros to see that they fit.
  explicit Policy(const std::filesystem::path& folder);

  // The command for what the sensors read: every element of `actions`, in its unit.
  Values act(const Sensors& values);

  // The same for all sensor values in one vector, in the order of `sensors`.
  Values act_flat(const Values& observation);

  std::string title;  // robot, task, kind and rate of the commands
  std::vector<Field> sensors;
  std::vector<Field> actions;

 private:
  void read_metadata(const nlohmann::json& metadata);
  void read_graph(const std::filesystem::path& file);
  Values run(Values observation);

  bool by_sensor_ = false;  // whether the graph has one input per sensor, or one for all
  cv::dnn::Net net_;
};

// The whole content of a file.
std::string read_file(const std::filesystem::path& file);

// The document in a file.
nlohmann::json read_json(const std::filesystem::path& file);

// A name between quotes, with everything escaped that a terminal might obey.
std::string in_quotes(const std::string& name);
