import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "./programs.ts";

/** A fake of the model's API on loopback; the prompts contain its answers. */
export interface ModelApi {
  readonly url: string;
  /** Every text of a user message that it has received. */
  prompts(): Promise<string[]>;
  /** Every request body that it has received, as JSON. */
  sent(): Promise<string>;
  /** Names of the tools that each request offers to the model. */
  tools(): Promise<string[][]>;
  /** Keys of the requests, each once. */
  keys(): Promise<string[]>;
  /** Answer every later message with this error; null: follow the scripts. */
  fail(failure: ApiError | null): Promise<void>;
  stop(): Promise<void>;
}

interface ApiError {
  readonly status: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Message {
  readonly role: string;
  readonly content: string | readonly { readonly text?: string }[];
}

interface Request {
  readonly url: string;
  readonly key: string | null;
  readonly body: { readonly messages?: readonly Message[]; readonly tools?: readonly { readonly name: string }[] };
}

export async function startModelApi(): Promise<ModelApi> {
  const child = spawn(process.execPath, [join(ROOT, "apps/runner/fixtures/messages-api-stub.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  const url = `http://127.0.0.1:${port.toString().trim()}`;
  const requests = async () => (await (await fetch(`${url}/requests`)).json()) as Request[];
  return {
    url,
    async sent() {
      return JSON.stringify(await requests());
    },
    async tools() {
      return (await requests()).map(({ body }) => (body.tools ?? []).map(({ name }) => name));
    },
    async keys() {
      const messages = (await requests()).filter(({ url: path }) => path.startsWith("/v1/messages"));
      return [...new Set(messages.map(({ key }) => key ?? "none"))];
    },
    async prompts() {
      const messages = (await requests())
        .flatMap(({ body }) => body.messages ?? [])
        .filter(({ role }) => role === "user");
      return messages.flatMap(({ content }) =>
        typeof content === "string" ? [content] : content.flatMap(({ text }) => (text === undefined ? [] : [text])),
      );
    },
    async fail(failure) {
      await fetch(`${url}/failure`, { method: "PUT", body: JSON.stringify(failure) });
    },
    async stop() {
      child.kill();
      await exited;
    },
  };
}
