// Which addresses are somewhere on the internet, and which belong to this machine or its own
// network.
#ifndef CHAYAN_GATEWAY_FETCH_ADDRESS_H_
#define CHAYAN_GATEWAY_FETCH_ADDRESS_H_

#include <sys/socket.h>

namespace chayan::fetch {

// False for loopback, link-local, private, shared, multicast and reserved addresses, for IPv6 forms
// that carry such an IPv4 address, and for every family but IPv4 and IPv6. `address` is as long as
// its family asks for.
bool IsPublicAddress(const sockaddr& address);

}  // namespace chayan::fetch

#endif  // CHAYAN_GATEWAY_FETCH_ADDRESS_H_
