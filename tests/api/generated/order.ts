// An order created, read and canceled by openapi-fetch over the types that openapi-typescript generated.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const client = createClient<paths>({
  baseUrl: process.env.OMS_URL,
  headers: { Authorization: `Bearer ${process.env.OMS_TOKEN}` },
});
const made = await client.POST("/api/v1/orders/", {
  params: { header: { "Idempotency-Key": "typescript-1" } },
  body: { customer: "C-1", channel: "reps", lines: [{ sku: "TEE-M", quantity: 2 }] },
});
if (!made.data) throw new Error(JSON.stringify(made.error));
const path = { number: made.data.number };
const read = await client.GET("/api/v1/orders/{number}/", { params: { path } });
if (read.data?.status !== "confirmed" || read.data.lines[0]?.quantity !== 2) throw new Error(JSON.stringify(read));
const canceled = await client.POST("/api/v1/orders/{number}/cancel/", {
  params: { path, header: { "If-Match": read.response.headers.get("etag") ?? "" } },
  body: {},
});
if (canceled.data?.status !== "canceled") throw new Error(JSON.stringify(canceled.error));
console.log(made.data.number);
