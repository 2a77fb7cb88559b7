import { once } from "node:events";
import type { RequestListener } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createEgressBench, type EgressBench } from "./testing/egressBench.ts";

const KEY = "sk-ant-api03-canary-of-the-real-key-0123456789-AA";
const TOKEN = "sk-ant-oat01-canary-of-the-real-token-0123456789-AA";

let bench: EgressBench;

beforeEach(async () => (bench = await createEgressBench()));
afterEach(() => bench.close());

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

const USAGE = { input_tokens: 1000, output_tokens: 100, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

/** Start an API on loopback, like a gateway of the operator. */
async function api(answer?: RequestListener): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const port = await bench.serve((request, response) => {
    received.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers });
    request.resume();
    if (answer !== undefined) return answer(request, response);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ type: "message", model: "claude-sonnet-4-5-20250929", usage: USAGE }));
  });
  return { url: `http://127.0.0.1:${port}/gateway`, received };
}

const ask = (headers: Record<string, string>, path = "/v1/messages", method = "POST") =>
  bench.ask({ method, path, headers, body: method === "POST" ? "{}" : "" });

test("a placeholder becomes the real key on its way to the model, and nothing else does", async () => {
  const { url, received } = await api();
  const env = { ANTHROPIC_API_KEY: KEY, CLAUDE_CODE_OAUTH_TOKEN: TOKEN, ANTHROPIC_BASE_URL: url, COPY: `x ${KEY}` };
  const egress = await bench.open({ env, port: 1234 });
  const { ANTHROPIC_API_KEY: key = "", CLAUDE_CODE_OAUTH_TOKEN: token = "" } = egress.env;
  expect(key).toMatch(/^sk-ant-api03-/);
  expect(token).toMatch(/^sk-ant-oat01-/);
  expect(egress.env["ANTHROPIC_BASE_URL"]).toBe("http://127.0.0.1:1234");
  expect(JSON.stringify(egress.env)).not.toMatch(/canary/);

  expect((await ask({ "x-api-key": key })).status).toBe(200);
  expect((await ask({ authorization: `Bearer ${token}` }, "/v1/messages?beta=true")).status).toBe(200);
  expect(received.map(({ url }) => url)).toEqual(["/gateway/v1/messages", "/gateway/v1/messages?beta=true"]);
  expect(received[0]?.headers).toMatchObject({ "x-api-key": KEY });
  expect(received[1]?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}` });

  for (const headers of [
    {},
    { "x-api-key": KEY },
    { "x-api-key": "sk-ant-other" },
    { authorization: "Bearer x" },
  ] as Record<string, string>[]) {
    const { status, body } = await ask(headers);
    expect(status).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ type: "error", error: { type: "authentication_error" } });
  }
  for (const path of ["/v1/messages/batches", "/v1/files", "/api/oauth/claude_cli/create_api_key"]) {
    expect((await ask({ "x-api-key": key }, path)).status).toBe(403);
  }
  expect(received).toHaveLength(2);
  // The address from the configuration is only for the model.
  const { port } = new URL(url);
  expect((await bench.tunnel(`127.0.0.1:${port}`)).status).toBe(403);
  expect(
    (await bench.ask({ path: `http://127.0.0.1:${port}/v1/messages`, headers: { "x-api-key": key } })).status,
  ).toBe(403);
});

test("an invalid URL of the model is one clear error", async () => {
  const opened = bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: "api.example" } });
  await expect(opened).rejects.toThrow("ANTHROPIC_BASE_URL is not an http or https URL");
});

test("a model and an API of agent.secrets are reached without TLS through the proxy of this machine, such as the exit", async () => {
  const { url: direct, received } = await api();
  const { port } = new URL(direct);
  const proxy = await bench.machineProxy({ [`gateway.test:${port}`]: Number(port) });
  const url = `http://gateway.test:${port}/gateway`; // Only the proxy knows this name.
  const env = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url, OTHER_TOKEN: "another-canary-of-a-key" };
  const proxyEnv = { HTTP_PROXY: proxy };
  const egress = await bench.open({ env, secrets: { OTHER_TOKEN: url }, proxyEnv });
  const { ANTHROPIC_API_KEY: key = "", OTHER_TOKEN: other = "" } = egress.env;
  expect(await ask({ "x-api-key": key })).toMatchObject({ status: 200, body: expect.stringContaining("usage") });
  expect((await ask({ authorization: `Bearer ${other}` }, "/_secrets/OTHER_TOKEN/x")).status).toBe(200);
  expect(received.map(({ url }) => url)).toEqual(["/gateway/v1/messages", "/gateway/x"]);
});

test("a placeholder is not accepted in another run", async () => {
  const { url, received } = await api();
  const first = await bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url } });
  await first.close();
  await bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url } });
  expect((await ask({ "x-api-key": first.env["ANTHROPIC_API_KEY"] ?? "" })).status).toBe(401);
  expect(received).toEqual([]);
});

test("an answer with the real key reaches the agent with the placeholder", async () => {
  const { url } = await api((request, response) => {
    response.setHeader("x-echo", String(request.headers["x-api-key"]));
    response.write(`{"echo":"${KEY.slice(0, 20)}`);
    setImmediate(() => response.end(`${KEY.slice(20)}"}`));
  });
  const { env } = await bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url } });
  const key = env["ANTHROPIC_API_KEY"] ?? "";
  const { body, headers } = await ask({ "x-api-key": key });
  expect(JSON.parse(body)).toEqual({ echo: key });
  expect(headers["x-echo"]).toBe(key);
});

test("a compressed answer, which could contain a key, is not passed on", async () => {
  const { url } = await api((_, response) => {
    response.setHeader("content-encoding", "gzip");
    response.end("anything");
  });
  const { env } = await bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url } });
  expect((await ask({ "x-api-key": env["ANTHROPIC_API_KEY"] ?? "", "accept-encoding": "gzip" })).status).toBe(502);
});

test("headers of the configuration are added, and never reach the agent", async () => {
  const { url, received } = await api();
  const more = "X-Gateway: canary-of-the-gateway\nX-Team: a";
  const env = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url, ANTHROPIC_CUSTOM_HEADERS: more };
  const egress = await bench.open({ env });
  await ask({ "x-api-key": egress.env["ANTHROPIC_API_KEY"] ?? "" });
  expect(received[0]?.headers).toMatchObject({ "x-gateway": "canary-of-the-gateway", "x-team": "a" });
  expect(JSON.stringify(egress.env)).not.toContain("canary");
});

test("events are passed on as they arrive", async () => {
  let resume = (): void => undefined;
  const { url } = await api((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: one\n\n");
    resume = () => response.end("data: two\n\n");
  });
  const { env } = await bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url } });
  const socket = await bench.connect();
  socket.write(`POST /v1/messages HTTP/1.1\r\nx-api-key: ${env["ANTHROPIC_API_KEY"]}\r\ncontent-length: 0\r\n\r\n`);
  let got = "";
  socket.on("data", (chunk: Buffer) => (got += chunk.toString()));
  while (!got.includes("one")) await once(socket, "data");
  expect(got).not.toContain("two");
  resume();
  while (!got.includes("two")) await once(socket, "data");
});

test("the proxy counts the usage of the model's answers, and refuses requests beyond the limit", async () => {
  const { url, received } = await api();
  const prices = { "claude-sonnet-4-5": { input: 1000, output: 10_000 } }; // 2 dollars an answer
  const egress = await bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url }, prices, maxUsd: 3 });
  const headers = { "x-api-key": egress.env["ANTHROPIC_API_KEY"] ?? "" };
  expect((await ask(headers)).status).toBe(200);
  expect((await ask(headers)).status).toBe(200);
  const { status, body } = await ask(headers);
  expect(status).toBe(400);
  expect(body).toContain("this run has cost $4.00, and llm.max_usd_per_run is $3");
  expect(received).toHaveLength(2);
  expect(egress.usage()).toMatchObject({
    models: { "claude-sonnet-4-5-20250929": { inputTokens: 2000, outputTokens: 200 } },
    costUsd: 4,
    unpriced: [],
  });
});

test("without a price the limit is not enforced by the proxy, and a warning is logged", async () => {
  const { url } = await api();
  const egress = await bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url }, maxUsd: 0.001 });
  const headers = { "x-api-key": egress.env["ANTHROPIC_API_KEY"] ?? "" };
  for (let n = 0; n < 3; n += 1) expect((await ask(headers)).status).toBe(200);
  expect(egress.usage()).toMatchObject({ costUsd: 0, unpriced: ["claude-sonnet-4-5-20250929"] });
  expect(bench.log.filter((line) => line.includes("max_usd_per_run is not enforced"))).toHaveLength(1);
});

test("tokens are counted even if the client disconnects before the end", async () => {
  const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
  let resume = (): void => undefined;
  const closed = Promise.withResolvers<void>();
  const { url } = await api((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(
      event({ type: "message_start", message: { model: "m", usage: { input_tokens: 5, output_tokens: 1 } } }),
    );
    resume = () => response.end(event({ type: "message_delta", usage: { output_tokens: 77 } }), () => closed.resolve());
  });
  const egress = await bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url } });
  const socket = await bench.connect();
  socket.write(
    `POST /v1/messages HTTP/1.1\r\nx-api-key: ${egress.env["ANTHROPIC_API_KEY"]}\r\ncontent-length: 0\r\n\r\n`,
  );
  await once(socket, "data");
  socket.destroy();
  await once(socket, "close");
  // After other requests are answered, the proxy knows that this client has disconnected.
  for (let n = 0; n < 5; n += 1) await bench.ask({ path: "/" });
  resume();
  await closed.promise;
  while (egress.usage().models["m"]?.outputTokens !== 77) await new Promise((resolve) => setImmediate(resolve));
}, 30_000);

test("a key of agent.secrets is sent only to its own URL", async () => {
  const { url, received } = await api((_, response) => response.end("ok"));
  const env = { OPENAI_API_KEY: "sk-proj-canary-of-another-key", OTHER_TOKEN: "another-canary-of-a-key" };
  const secrets = { OPENAI_API_KEY: `${url}/v1`, OTHER_TOKEN: "other.example", MISSING_API_KEY: "missing.example" };
  const egress = await bench.open({ env, secrets, port: 1234 });
  expect(JSON.stringify(egress.env)).not.toContain("canary");
  const base = "http://127.0.0.1:1234/_secrets/OPENAI_API_KEY";
  expect(egress.env).toMatchObject({
    OPENAI_BASE_URL: base,
    OPENAI_API_BASE: base,
    OTHER_BASE_URL: "http://127.0.0.1:1234/_secrets/OTHER_TOKEN",
  });
  expect(egress.env).not.toHaveProperty("MISSING_BASE_URL");
  const headers = { authorization: `Bearer ${egress.env["OPENAI_API_KEY"]}` };
  expect((await ask(headers, "/_secrets/OPENAI_API_KEY/chat/completions")).body).toBe("ok");
  expect(received).toMatchObject([
    { url: "/gateway/v1/chat/completions", headers: { authorization: `Bearer ${env.OPENAI_API_KEY}` } },
  ]);
  for (const path of [
    "/_secrets/OTHER_TOKEN/x",
    "/_secrets/OPENAI_API_KEY/../x",
    "/_secrets/MISSING_API_KEY/x",
    "/v1/messages",
  ]) {
    expect((await ask(headers, path)).status).toBeGreaterThanOrEqual(400);
  }
  expect(received).toHaveLength(1);
});

test("cookies pass in neither direction with a real key", async () => {
  const { url, received } = await api((_, response) => {
    response.setHeader("set-cookie", "session=1");
    response.end("ok");
  });
  const env = { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url, OPENAI_API_KEY: "sk-proj-canary-of-another-key" };
  const egress = await bench.open({ env, secrets: { OPENAI_API_KEY: url } });
  for (const [name, path] of [
    ["ANTHROPIC_API_KEY", "/v1/messages"],
    ["OPENAI_API_KEY", "/_secrets/OPENAI_API_KEY/x"],
  ] as const) {
    const answer = await ask(
      { authorization: `Bearer ${egress.env[name]}`, cookie: "session=2", "x-other": "1" },
      path,
    );
    expect(answer.body).toBe("ok");
    expect(answer.headers).not.toHaveProperty("set-cookie");
  }
  expect(received.map(({ headers }) => [headers["x-other"], headers["cookie"]])).toEqual([
    ["1", undefined],
    ["1", undefined],
  ]);
});

test("a GET with a body is refused", async () => {
  const { url, received } = await api();
  const { env } = await bench.open({ env: { ANTHROPIC_API_KEY: KEY, ANTHROPIC_BASE_URL: url } });
  const key = { "x-api-key": env["ANTHROPIC_API_KEY"] ?? "" };
  const withBody = { ...key, "content-length": "2" };
  expect((await bench.ask({ method: "GET", path: "/v1/models", headers: withBody, body: "{}" })).status).toBe(400);
  expect(received).toEqual([]);
  expect((await bench.ask({ method: "GET", path: "/v1/models", headers: key })).status).toBe(200);
});
