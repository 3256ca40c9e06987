// Goal: mail wakes its worker as rarely as it may, and never less. Method: the wake-up descriptor
// is looked at after each post; time plays no part.
#include "gateway/rpc/mailbox.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <memory>
#include <thread>
#include <vector>

#include "gateway/rpc/cork.h"

namespace chayan::rpc {
namespace {

Mail Nothing() {
  return {.kind = Mail::Kind::kWork, .work = [] {}};
}

// Wake-ups since the last look.
uint64_t WakeUps(const Mailbox& mailbox) {
  eventfd_t count = 0;
  return eventfd_read(mailbox.wake_fd(), &count) == 0 ? count : 0;
}

size_t Take(Mailbox& mailbox) {
  std::vector<Mail> mails;
  mailbox.Take(mails);
  return mails.size();
}

TEST(MailboxTest, WakesOnceForAllThatIsPostedBeforeTheWorkerLooks) {
  const auto mailbox = std::make_shared<Mailbox>(nullptr);
  mailbox->Post(Nothing());
  mailbox->Post(Nothing());
  EXPECT_EQ(WakeUps(*mailbox), 1u);
  EXPECT_EQ(Take(*mailbox), 2u);
  mailbox->Post(Nothing());
  EXPECT_EQ(WakeUps(*mailbox), 1u);
}

TEST(MailboxTest, CorkedPostsWakeEachWorkerOnceAtTheEnd) {
  const auto one = std::make_shared<Mailbox>(nullptr);
  const auto other = std::make_shared<Mailbox>(nullptr);
  {
    const Cork cork;
    one->Post(Nothing());
    other->Post(Nothing());
    // Whoever is awake for another reason takes them meanwhile.
    EXPECT_EQ(Take(*one), 1u);
    one->Post(Nothing());
    EXPECT_EQ(WakeUps(*one) + WakeUps(*other), 0u);
  }
  EXPECT_EQ(WakeUps(*one), 1u);
  EXPECT_EQ(WakeUps(*other), 1u);
  EXPECT_EQ(Take(*one), 1u);
}

TEST(MailboxTest, AWorkerIsNotWokenForItsOwnMailButToldOfIt) {
  const auto mailbox = std::make_shared<Mailbox>(nullptr);
  std::thread([&] {
    mailbox->BindToThisThread();
    mailbox->Post(Nothing());
    EXPECT_EQ(WakeUps(*mailbox), 0u);
    EXPECT_TRUE(mailbox->has_own_mail());
    EXPECT_EQ(Take(*mailbox), 1u);
    EXPECT_FALSE(mailbox->has_own_mail());
  }).join();
}

}  // namespace
}  // namespace chayan::rpc
