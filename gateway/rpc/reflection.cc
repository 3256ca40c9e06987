#include "gateway/rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <utility>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace chayan::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

// The file, then what it imports, each once.
void AddFiles(const FileDescriptor* file, std::set<const FileDescriptor*>& seen,
              google::protobuf::RepeatedPtrField<std::string>& out) {
  if (!seen.insert(file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file->CopyTo(&proto);
  *out.Add() = proto.SerializeAsString();
  for (int i = 0; i < file->dependency_count(); ++i) AddFiles(file->dependency(i), seen, out);
}

const FileDescriptor* FindExtensionFile(const std::string& type, int number) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const Descriptor* const message = pool.FindMessageTypeByName(type);
  const FieldDescriptor* const extension =
      message == nullptr ? nullptr : pool.FindExtensionByNumber(message, number);
  return extension == nullptr ? nullptr : extension->file();
}

// Both versions of the protocol have the same shape in different packages.
template <typename Request, typename Response>
Response Answer(const Request& request, const ServiceNames& services) {
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  Response response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  const auto not_found = [&](int code, const char* message) {
    response.mutable_error_response()->set_error_code(code);
    response.mutable_error_response()->set_error_message(message);
  };
  const auto answer_file = [&](const FileDescriptor* file) {
    constexpr int kNotFound = 5;
    if (file == nullptr) return not_found(kNotFound, "There is no such file, symbol or extension.");
    std::set<const FileDescriptor*> seen;
    AddFiles(file, seen,
             *response.mutable_file_descriptor_response()->mutable_file_descriptor_proto());
  };
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      answer_file(pool.FindFileByName(request.file_by_filename()));
      break;
    case Request::kFileContainingSymbol:
      answer_file(pool.FindFileContainingSymbol(request.file_containing_symbol()));
      break;
    case Request::kFileContainingExtension:
      answer_file(FindExtensionFile(request.file_containing_extension().containing_type(),
                                    request.file_containing_extension().extension_number()));
      break;
    case Request::kAllExtensionNumbersOfType: {
      const std::string& type = request.all_extension_numbers_of_type();
      const Descriptor* const message = pool.FindMessageTypeByName(type);
      if (message == nullptr) {
        answer_file(nullptr);
        break;
      }
      std::vector<const FieldDescriptor*> extensions;
      pool.FindAllExtensions(message, &extensions);
      auto& numbers = *response.mutable_all_extension_numbers_response();
      numbers.set_base_type_name(type);
      for (const FieldDescriptor* extension : extensions) {
        numbers.add_extension_number(extension->number());
      }
      break;
    }
    case Request::kListServices:
      for (const std::string& name : services) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    case Request::MESSAGE_REQUEST_NOT_SET: {
      constexpr int kInvalidArgument = 3;
      not_found(kInvalidArgument, "The request asks nothing.");
      break;
    }
  }
  return response;
}

template <typename Request, typename Response>
StreamEvents Reflect(std::shared_ptr<const ServiceNames> services,
                     std::shared_ptr<StreamCall> call) {
  // Answers wait for a peer that does not read up to this; a file with its imports has 60 KiB.
  constexpr size_t kQueuedBytesMax = 1 << 20;
  StreamEvents events;
  events.on_message = [call, services = std::move(services)](absl::string_view message) {
    Request request;
    if (!request.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
      return call->Finish(policy::Refusal{.reason = v1::ERROR_REASON_MESSAGE_MALFORMED,
                                          .message = "Not a ServerReflectionRequest."});
    }
    if (call->queued_bytes() > kQueuedBytesMax) {
      return call->Finish(policy::Refusal{.reason = v1::ERROR_REASON_OVERLOADED,
                                          .message = "Read the answers before asking on."});
    }
    call->Write(Answer<Request, Response>(request, *services).SerializeAsString());
  };
  events.on_half_close = [call] { call->Finish(std::nullopt); };
  return events;
}

}  // namespace

StreamEvents ReflectV1(std::shared_ptr<const ServiceNames> services,
                       std::shared_ptr<StreamCall> call) {
  return Reflect<grpc::reflection::v1::ServerReflectionRequest,
                 grpc::reflection::v1::ServerReflectionResponse>(std::move(services),
                                                                 std::move(call));
}

StreamEvents ReflectV1Alpha(std::shared_ptr<const ServiceNames> services,
                            std::shared_ptr<StreamCall> call) {
  return Reflect<grpc::reflection::v1alpha::ServerReflectionRequest,
                 grpc::reflection::v1alpha::ServerReflectionResponse>(std::move(services),
                                                                      std::move(call));
}

}  // namespace chayan::rpc
