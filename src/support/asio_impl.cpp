// SPDX-License-Identifier: LGPL-2.1-or-later
// The one file that compiles Asio's non-template code (BOOST_ASIO_SEPARATE_COMPILATION).
#include <boost/asio/impl/src.hpp>
