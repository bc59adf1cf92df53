// The addresses of this machine.
#define _GNU_SOURCE
#include "include/CMantaShims.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int write_address(const struct sockaddr *address, socklen_t size, char *text, size_t capacity) {
    return getnameinfo(address, size, text, (socklen_t)capacity, NULL, 0, NI_NUMERICHOST) == 0 ? 0 : -EINVAL;
}

int manta_local_address(const char *host, uint16_t port, char *text, size_t capacity) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_DGRAM}, *found;
    if (getaddrinfo(host, service, &hints, &found) != 0) return -EINVAL;
    int status = -ENETUNREACH;
    for (struct addrinfo *at = found; at && status != 0; at = at->ai_next) {
        int fd = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0) continue;
        struct sockaddr_storage own;
        socklen_t size = sizeof own;
        // A datagram socket that connects sends nothing: the system only looks up the way.
        if (connect(fd, at->ai_addr, at->ai_addrlen) == 0 && getsockname(fd, (struct sockaddr *)&own, &size) == 0)
            status = write_address((struct sockaddr *)&own, size, text, capacity);
        close(fd);
    }
    freeaddrinfo(found);
    return status;
}

int manta_first_address(char *text, size_t capacity) {
    struct ifaddrs *all;
    if (getifaddrs(&all) != 0) return -errno;
    int status = -ENOENT;
    // IPv4 first: an IPv6 address is more often one that nobody else can use.
    const int families[2] = {AF_INET, AF_INET6};
    for (int i = 0; i < 2 && status != 0; i++)
        for (struct ifaddrs *at = all; at && status != 0; at = at->ifa_next) {
            if (!at->ifa_addr || at->ifa_addr->sa_family != families[i]) continue;
            if (!(at->ifa_flags & IFF_UP) || (at->ifa_flags & IFF_LOOPBACK)) continue;
            int is_six = families[i] == AF_INET6;
            if (is_six && IN6_IS_ADDR_LINKLOCAL(&((struct sockaddr_in6 *)at->ifa_addr)->sin6_addr)) continue;
            socklen_t size = is_six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
            status = write_address(at->ifa_addr, size, text, capacity);
        }
    freeifaddrs(all);
    return status;
}
