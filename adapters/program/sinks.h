// The sink of notices that a settings file names.
#ifndef CHAYAN_ADAPTERS_PROGRAM_SINKS_H_
#define CHAYAN_ADAPTERS_PROGRAM_SINKS_H_

#include "adapters/connector/config.h"
#include "adapters/program/loaded.h"

namespace chayan::adapter {

// Fills in the sink's part of `loaded`; faults go to the file. REQUIRES: it has notices.
void LoadSink(connector::ConfigFile& file, Loaded& loaded);

}  // namespace chayan::adapter

#endif  // CHAYAN_ADAPTERS_PROGRAM_SINKS_H_
