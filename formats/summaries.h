#pragma once
#include "formats/detect.h"

namespace bandwright {

// One summary for each format of formats/detect.cpp's catalogue.
FileSummary summarise_traces(const Sample& sample);
FileSummary summarise_layers(const Sample& sample);
FileSummary summarise_astra_sim_2_network(const Sample& sample);
FileSummary summarise_astra_sim_2_system(const Sample& sample);
FileSummary summarise_memory(const Sample& sample);
FileSummary summarise_groups(const Sample& sample);
FileSummary summarise_logical(const Sample& sample);
FileSummary summarise_astra_sim_1_network(const Sample& sample);
FileSummary summarise_astra_sim_1_system(const Sample& sample);
FileSummary summarise_artifact_network(const Sample& sample);
FileSummary summarise_libra_network(const Sample& sample);
FileSummary summarise_communicator(const Sample& sample);
FileSummary summarise_infragraph(const Sample& sample);
FileSummary summarise_class_prices(const Sample& sample);
FileSummary summarise_model(const Sample& sample);
FileSummary summarise_network(const Sample& sample);
FileSummary summarise_links(const std::filesystem::path& file);  // a table of links
FileSummary summarise_system(const Sample& sample);

}  // namespace bandwright
