"""How often Amazon lets an account call each operation, and how long to wait after too many calls.

The rates are the defaults of Amazon's usage plans, in requests a second; an answer may name another one.
"""

from collections.abc import Mapping

from orders.channels.connectors import Budget

SEARCH_ORDERS = "searchOrders"
GET_ORDER = "getOrder"
CONFIRM_SHIPMENT = "confirmShipment"
GET_LISTING = "getListingsItem"
SEARCH_LISTINGS = "searchListingsItems"
PATCH_LISTING = "patchListingsItem"
CREATE_FEED = "createFeed"
GET_FEEDS = "getFeeds"
GET_FEED = "getFeed"
CREATE_DOCUMENT = "createFeedDocument"
GET_DOCUMENT = "getFeedDocument"
GET_PARTICIPATIONS = "getMarketplaceParticipations"
SUBSCRIPTIONS = "notifications"

BUDGETS: Mapping[str, Budget] = {
    SEARCH_ORDERS: Budget(0.0056, 20),
    GET_ORDER: Budget(0.5, 30),
    CONFIRM_SHIPMENT: Budget(2, 10),
    GET_LISTING: Budget(5, 10),
    SEARCH_LISTINGS: Budget(5, 5),
    PATCH_LISTING: Budget(5, 5),
    CREATE_FEED: Budget(0.0083, 15),
    GET_FEEDS: Budget(0.0222, 10),
    GET_FEED: Budget(2, 15),
    CREATE_DOCUMENT: Budget(0.5, 15),
    GET_DOCUMENT: Budget(0.0222, 10),
    GET_PARTICIPATIONS: Budget(0.016, 15),
    SUBSCRIPTIONS: Budget(1, 5),
}
LIMIT = "x-amzn-ratelimit-limit"  # of an answer: the rate that applies to its operation
LONGEST_WAIT = 900.0


def wait_of(operation: str, headers: Mapping[str, str]) -> float:
    """The seconds until an operation may be called again: as long as one request takes to be refilled."""
    try:
        rate = float(headers.get(LIMIT, ""))
    except ValueError:
        rate = BUDGETS[operation].per_second
    return min(1 / rate, LONGEST_WAIT) if rate > 0 else LONGEST_WAIT
