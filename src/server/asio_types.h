// The Asio types of the server, with concrete executors: the type-erased defaults cost an allocation an operation.
// Everything of one connection runs on its strand. Errors are values (as_tuple), never exceptions.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace eider {

namespace asio = boost::asio;
using boost::system::error_code;

using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Strand>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Strand>;
template <class T>
using Awaitable = asio::awaitable<T, Strand>;

// The completion token of every operation: co_await gives a tuple that begins with the error code.
inline constexpr auto kTuple = asio::as_tuple(asio::use_awaitable_t<Strand>());

}  // namespace eider
