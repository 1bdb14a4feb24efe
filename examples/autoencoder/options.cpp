#include "adjoint/examples/autoencoder/options.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace autoencoder {
namespace {

std::string check_lr(const std::string& text) {
  double lr = 0;
  const bool valid = CLI::detail::lexical_cast(text, lr) && std::isfinite(lr) && lr > 0;
  return valid ? "" : fmt::format("expected a number > 0, got {}", text);
}

/// To be asked, since CLI11 takes -1 for the largest number.
std::string check_seed(const std::string& text) {
  return text.starts_with('-') ? fmt::format("expected an integer >= 0, got {}", text) : "";
}

}  // namespace

Options parse_options(int argc, char** argv) {
  Options options;
  CLI::App app{
      "Trains a convolutional autoencoder: it learns to squeeze a 28x28 picture into 64 numbers\n"
      "and to paint it again from them. Ctrl-C ends it with a checkpoint; --resume goes on from "
      "one.",
      "autoencoder"};
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return fmt::format("autoencoder: {} (--help lists the options)\n", error.what());
  });
  constexpr int64_t kMany = 1'000'000'000;
  app.add_option("--data", options.data,
                 "folder with the files of Fashion-MNIST or MNIST, or \"shapes\": a generated data "
                 "set that needs no files")
      ->capture_default_str();
  app.add_option("--epochs", options.epochs, "how often to go through the training pictures")
      ->check(CLI::Range(int64_t{1}, kMany))
      ->capture_default_str();
  app.add_option("--batch-size", options.batch_size, "pictures a step")
      ->check(CLI::Range(int64_t{1}, kMany))
      ->capture_default_str();
  app.add_option("--lr", options.lr, "Adam's learning rate")
      ->check(CLI::Validator(check_lr, "NUMBER > 0"))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the first weights and the order of the pictures")
      ->check(CLI::Validator(check_seed, "INTEGER >= 0"))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "default: one for each processor")
      ->check(CLI::Range(1, 1024));
  app.add_option("--out", options.out,
                 "folder for the results; with --resume by default the checkpoint's own")
      ->capture_default_str();
  app.add_option("--resume", options.resume, "checkpoint to go on from");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0) options.given.insert(option->get_name());
  }
  if (!options.resume.empty() && !options.given.contains("--out")) {
    const std::string folder = std::filesystem::path(options.resume).parent_path().string();
    options.out = folder.empty() ? "." : folder;
  }
  return options;
}

}  // namespace autoencoder
