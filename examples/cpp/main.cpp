// Command line around a policy: says what it needs, commands once, or replays recorded vectors.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <nlohmann/json.hpp>
#include <opencv2/core/utils/logger.hpp>

#include "policy.hpp"

namespace {

constexpr double kTolerance = 1e-4;  // between this engine and the recorded one, in command units

constexpr char kUsage[] =
    "usage: run_policy FOLDER                      what the policy reads and commands\n"
    "       run_policy FOLDER SENSOR=1,2.5,... ... the command for these sensor values\n"
    "       run_policy FOLDER --vectors FILE       replay recorded vectors; exit code 1 if they differ\n";

void describe(const char* what, const std::vector<Field>& fields) {
  std::cout << what << "\n";
  for (const Field& field : fields) {
    std::cout << "  " << field.name;
    char separator = '=';
    for (const std::string& element : field.elements) {
      std::cout << separator << element;
      separator = ',';
    }
    std::cout << " [" << field.unit << "]" << (field.frame.empty() ? "" : " in " + field.frame) << "\n";
  }
}

// SENSOR=1,2.5,... as a name and its values.
std::pair<std::string, Values> read_sensor(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  Values values;
  const char* next = argument.c_str() + std::min(equals, argument.size());
  while (*next == (values.empty() ? '=' : ',')) {
    char* end = nullptr;
    values.push_back(std::strtof(next + 1, &end));
    if (end == next + 1) break;
    next = end;
  }
  if (values.empty() || *next != '\0')
    throw PolicyError(in_quotes(argument) + " is not a sensor with its values, like gripper_width=0.04");
  return {argument.substr(0, equals), values};
}

void command_once(Policy& policy, const std::vector<std::string>& arguments) {
  Sensors sensors;
  for (const std::string& argument : arguments)
    if (const auto [name, values] = read_sensor(argument); !sensors.emplace(name, values).second)
      throw PolicyError("sensor " + in_quotes(name) + " is given twice");
  const Values command = policy.act(sensors);
  auto value = command.begin();
  for (const Field& field : policy.actions)
    for (const std::string& element : field.elements)
      std::printf("%s %s %.9g %s\n", field.name.c_str(), element.c_str(), *value++, field.unit.c_str());
}

// Recorded inputs, of each sensor by name or of all of them as obs, and the commands they led to.
struct Vectors {
  std::map<std::string, std::vector<Values>> inputs;
  std::vector<Values> actions;
};

Vectors read_vectors(const std::string& file) {
  try {
    const nlohmann::json document = read_json(file);
    Vectors vectors{document.at("inputs"), document.at("actions")};
    if (vectors.actions.empty()) throw PolicyError(file + " holds no vectors");
    for (const auto& [name, rows] : vectors.inputs)
      if (rows.size() != vectors.actions.size())
        throw PolicyError(file + " holds more of one than of the other: " + in_quotes(name) + " and actions");
    return vectors;
  } catch (const nlohmann::json::exception& error) {
    throw PolicyError(file + " cannot be used: " + error.what());
  }
}

// Whether the policy commands what was recorded.
bool replay(Policy& policy, const std::string& file) {
  const Vectors vectors = read_vectors(file);
  double worst = 0.0;
  for (std::size_t row = 0; row < vectors.actions.size(); ++row) {
    Sensors sensors;
    for (const auto& [name, rows] : vectors.inputs) sensors[name] = rows[row];
    const Values command = sensors.count("obs") ? policy.act_flat(sensors["obs"]) : policy.act(sensors);
    const Values& recorded = vectors.actions[row];
    if (command.size() != recorded.size()) throw PolicyError(file + " has commands of another size");
    for (std::size_t i = 0; i < command.size(); ++i)
      worst = std::max(worst, std::abs(double{command[i]} - double{recorded[i]}));
  }
  const std::size_t n_vectors = vectors.actions.size();
  std::printf("%zu vectors, largest difference %.1e, allowed %.0e\n", n_vectors, worst, kTolerance);
  return worst <= kTolerance;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help") {
    std::cout << kUsage;
    return arguments.empty() ? 2 : 0;
  }
  Policy policy(arguments[0]);
  if (arguments.size() == 3 && arguments[1] == "--vectors") return replay(policy, arguments[2]) ? 0 : 1;
  if (arguments.size() > 1) {
    command_once(policy, {arguments.begin() + 1, arguments.end()});
    return 0;
  }
  std::cout << policy.title << "\n";
  describe("reads", policy.sensors);
  describe("commands", policy.actions);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);  // errors are told below, once
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
}
