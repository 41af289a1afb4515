"""The GraphQL documents that a shop is sent. `tests` validate each against the official schema of every version.

Pages are sized for a shop's limit of 1000 points a document, counting an object as 1 and a page as 2 and its records.
"""

LINES = 15  # order lines read with the order
MOST = 50  # payments, refunds and fulfillments of an order
PARTS = 4  # refunds and fulfillments read at once

_MONEY = "{ presentmentMoney { amount } }"
_PAGE = "pageInfo { hasNextPage endCursor }"
_TAX = f"taxLines {{ rate ratePercentage channelLiable priceSet {_MONEY} }}"
_DISCOUNTS = f"discountAllocations {{ allocatedAmountSet {_MONEY} }}"
_PLACE = "firstName lastName company address1 address2 city provinceCode zip countryCodeV2 phone"
_LINE = f"""
  id sku name title quantity currentQuantity requiresShipping isGiftCard
  variant {{ id barcode }}
  customAttributes {{ key value }}
  lineItemGroup {{ id title quantity }}
  originalUnitPriceSet {_MONEY}
  {_DISCOUNTS}
  {_TAX}
  duties {{ id price {_MONEY} {_TAX} }}
"""

SHOP = (
    "query Shop { shop { name currencyCode } currentAppInstallation { accessScopes { handle } } }"
)

LOCATIONS = f"""query Locations($after: String) {{
  locations(first: 50, after: $after) {{ {_PAGE} nodes {{ id name isActive }} }}
}}"""

CHANGED = f"""query Changed($q: String!, $after: String) {{
  orders(first: 100, after: $after, query: $q, sortKey: UPDATED_AT) {{ {_PAGE} nodes {{ id updatedAt }} }}
}}"""

PLACED = f"""query Placed($q: String!, $after: String) {{
  orders(first: 100, after: $after, query: $q, sortKey: CREATED_AT) {{ {_PAGE} nodes {{ id createdAt }} }}
}}"""

ORDER = f"""query Order($id: ID!) {{
  order(id: $id) {{
    id name createdAt processedAt updatedAt cancelledAt cancelReason test confirmed edited
    displayFinancialStatus displayFulfillmentStatus taxesIncluded dutiesIncluded
    currencyCode presentmentCurrencyCode email phone note sourceName customerLocale
    discountCodes paymentGatewayNames
    app {{ id name }}
    customAttributes {{ key value }}
    customer {{ id }}
    shippingAddress {{ {_PLACE} }}
    billingAddress {{ {_PLACE} }}
    totalPriceSet {_MONEY}
    currentTotalPriceSet {_MONEY}
    totalTipReceivedSet {_MONEY}
    totalCashRoundingAdjustment {{ paymentSet {_MONEY} }}
    additionalFees {{ id name price {_MONEY} {_TAX} }}
    shippingLines(first: 5) {{
      {_PAGE} nodes {{ id title isRemoved originalPriceSet {_MONEY} {_DISCOUNTS} {_TAX} }}
    }}
    transactions(first: {MOST}) {{
      id kind status gateway processedAt
      amountSet {_MONEY} amountRoundingSet {_MONEY}
      parentTransaction {{ id }}
    }}
    refunds(first: {MOST}) {{ id }}
    fulfillments(first: {MOST}) {{ id }}
    lineItems(first: {LINES}) {{ {_PAGE} nodes {{ {_LINE} }} }}
  }}
}}"""

ORDER_LINES = f"""query OrderLines($id: ID!, $after: String) {{
  node(id: $id) {{ ... on Order {{ page: lineItems(first: 50, after: $after) {{ {_PAGE} nodes {{ {_LINE} }} }} }} }}
}}"""

MORE_SHIPPING = f"""query MoreShipping($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on Order {{
      page: shippingLines(first: 50, after: $after) {{
        {_PAGE} nodes {{ id title isRemoved originalPriceSet {_MONEY} {_DISCOUNTS} {_TAX} }}
      }}
    }}
  }}
}}"""

_REFUNDED = f"{_PAGE} nodes {{ quantity lineItem {{ id }} }}"
_FULFILLED = f"{_PAGE} nodes {{ quantity lineItem {{ id }} }}"

PARTS_OF_ORDER = f"""query PartsOfOrder($ids: [ID!]!) {{
  nodes(ids: $ids) {{
    ... on Refund {{
      id createdAt note totalRefundedSet {_MONEY}
      refundLineItems(first: 50) {{ {_REFUNDED} }}
      transactions(first: 10) {{ nodes {{ kind status amountSet {_MONEY} }} }}
    }}
    ... on Fulfillment {{
      id status trackingInfo(first: 10) {{ number company url }}
      fulfillmentLineItems(first: 50) {{ {_FULFILLED} }}
    }}
  }}
}}"""

REFUND_LINES = f"""query RefundLines($id: ID!, $after: String) {{
  node(id: $id) {{ ... on Refund {{ page: refundLineItems(first: 100, after: $after) {{ {_REFUNDED} }} }} }}
}}"""

FULFILLMENT_LINES = f"""query FulfillmentLines($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on Fulfillment {{ page: fulfillmentLineItems(first: 100, after: $after) {{ {_FULFILLED} }} }}
  }}
}}"""

_TO_FULFILL = f"{_PAGE} nodes {{ id remainingQuantity lineItem {{ id }} }}"

FULFILLMENT_ORDERS = f"""query FulfillmentOrders($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on Order {{
      page: fulfillmentOrders(first: 10, after: $after) {{
        {_PAGE}
        nodes {{
          id status
          assignedLocation {{ name location {{ id }} }}
          lineItems(first: 20) {{ {_TO_FULFILL} }}
        }}
      }}
    }}
  }}
}}"""

FULFILLMENT_ORDER_LINES = f"""query FulfillmentOrderLines($id: ID!, $after: String) {{
  node(id: $id) {{ ... on FulfillmentOrder {{ page: lineItems(first: 100, after: $after) {{ {_TO_FULFILL} }} }} }}
}}"""

FULFILL = """mutation Fulfill($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } userErrors { field message } }
}"""

CANCEL = """mutation Cancel($id: ID!, $reason: OrderCancelReason!, $notify: Boolean!, $note: String) {
  orderCancel(
    orderId: $id, reason: $reason, notifyCustomer: $notify, staffNote: $note
    restock: false, refundMethod: { originalPaymentMethodsRefund: false }
  ) { job { id done } orderCancelUserErrors { code field message } }
}"""

JOB = "query Job($id: ID!) { job(id: $id) { id done } }"

REFUND = """mutation Refund($input: RefundInput!, $key: String!) {
  refundCreate(input: $input) @idempotent(key: $key) {
    refund { id transactions(first: 10) { nodes { kind status } } } userErrors { field message }
  }
}"""

_LEVEL = 'location { id } quantities(names: ["available"]) { quantity }'

LISTINGS = f"""query Listings($after: String) {{
  productVariants(first: 50, after: $after, sortKey: ID) {{
    {_PAGE}
    nodes {{
      id sku barcode title requiresComponents
      product {{ id title }}
      inventoryItem {{ id tracked inventoryLevels(first: 3) {{ {_PAGE} nodes {{ {_LEVEL} }} }} }}
    }}
  }}
}}"""

LEVELS = f"""query Levels($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ... on InventoryItem {{ id inventoryLevels(first: 3) {{ {_PAGE} nodes {{ {_LEVEL} }} }} }} }}
}}"""

MORE_LEVELS = f"""query MoreLevels($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on InventoryItem {{ page: inventoryLevels(first: 50, after: $after) {{ {_PAGE} nodes {{ {_LEVEL} }} }} }}
  }}
}}"""

ITEMS = """query Items($ids: [ID!]!) {
  nodes(ids: $ids) { ... on ProductVariant { id inventoryItem { id } } }
}"""

SET_STOCK = """mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code field message } }
}"""

ACTIVATE = """mutation Activate($item: ID!, $location: ID!, $available: Int!, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $location, available: $available)
    @idempotent(key: $key) { userErrors { field message } }
}"""

HOOKS = f"""query Hooks($after: String) {{
  webhookSubscriptions(first: 100, after: $after) {{ {_PAGE} nodes {{ id topic uri }} }}
}}"""

ADD_HOOK = """mutation AddHook($topic: WebhookSubscriptionTopic!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $hook) {
    webhookSubscription { id } userErrors { field message }
  }
}"""

ALL = (
    SHOP,
    LOCATIONS,
    CHANGED,
    PLACED,
    ORDER,
    ORDER_LINES,
    MORE_SHIPPING,
    PARTS_OF_ORDER,
    REFUND_LINES,
    FULFILLMENT_LINES,
    FULFILLMENT_ORDERS,
    FULFILLMENT_ORDER_LINES,
    FULFILL,
    CANCEL,
    JOB,
    REFUND,
    LISTINGS,
    LEVELS,
    MORE_LEVELS,
    ITEMS,
    SET_STOCK,
    ACTIVATE,
    HOOKS,
    ADD_HOOK,
)
