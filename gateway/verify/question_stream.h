// A stream of questions: each message is a question of its own, answered as it is ready.
#ifndef CHAYAN_GATEWAY_VERIFY_QUESTION_STREAM_H_
#define CHAYAN_GATEWAY_VERIFY_QUESTION_STREAM_H_

#include <memory>

#include "absl/container/flat_hash_set.h"
#include "gateway/rpc/call.h"
#include "gateway/verify/exchange.h"

namespace chayan::verify {

// Lives as long as the stream or a question of it. All members are used on the stream's worker
// alone.
class QuestionStream : public std::enable_shared_from_this<QuestionStream> {
 public:
  static rpc::StreamEvents Serve(const Collaborators& with,
                                 std::shared_ptr<rpc::StreamCall> stream);

  QuestionStream(const Collaborators& with, std::shared_ptr<rpc::StreamCall> stream)
      : with_(with), stream_(std::move(stream)) {}

 private:
  class Item;
  void OnMessage(absl::string_view message);
  void OnHalfClose();
  void OnEnd();
  // An item has its response: writes it, reads on, ends the stream after the last.
  void OnResponse(const std::shared_ptr<Item>& item, std::shared_ptr<const std::string> response);

  const Collaborators& with_;
  const std::shared_ptr<rpc::StreamCall> stream_;
  absl::flat_hash_set<std::shared_ptr<Item>> items_;  // in flight; at most kStreamItemsMax
  bool paused_ = false;
  bool half_closed_ = false;
  bool ended_ = false;
};

}  // namespace chayan::verify

#endif  // CHAYAN_GATEWAY_VERIFY_QUESTION_STREAM_H_
