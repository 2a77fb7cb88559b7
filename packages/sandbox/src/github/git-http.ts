import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { PassThrough, type Readable } from "node:stream";
import { ApiError, type Answer } from "./answer.ts";
import type { Repository, Token } from "./model.ts";
import { afterPush } from "./repositories.ts";
import { atLeast, lesser, type Store } from "./store.ts";

const PATH = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;
const MOST_HEADERS = 64 * 1024;
const MOST_PUSH_ANSWER = 16 * 1024 * 1024;

export const isGitPath = (path: string): boolean => PATH.test(path);

const refusal = (status: number, body: string, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { "content-type": "text/plain", ...headers },
  body: `${body}\n`,
});

/** Return the token from Basic authentication, where it is the password, or the user, which GitHub also accepts. */
export function gitLogin(store: Store, authorization: string | undefined): Token | undefined {
  const [, encoded = ""] = /^basic\s+(\S+)$/i.exec(authorization ?? "") ?? [];
  const [name = "", ...password] = Buffer.from(encoded, "base64").toString().split(":");
  return store.token(password.join(":")) ?? store.token(name);
}

/**
 * Serve one request of git's smart HTTP with the real `git http-backend`. Packs are streamed. Only the short answer to a push is
 * delayed until its changes are known, so that a pull request that is opened right afterwards finds its branch.
 */
export async function answerGit(options: { store: Store; request: IncomingMessage; url: URL }): Promise<Answer> {
  const { store, request, url } = options;
  const [, owner = "", name = "", service = ""] = PATH.exec(decodeURIComponent(url.pathname)) ?? [];
  const push = (service === "info/refs" ? url.searchParams.get("service") : service) === "git-receive-pack";
  const repository = store.find(`${owner}/${name}`) ?? store.renamed.get(`${owner}/${name}`.toLowerCase());
  const { authorization } = request.headers;
  if (authorization === undefined && !push && repository?.openToGit === true) {
    return runBackend({ store, request, url, repository, service, login: "", workflows: false });
  }
  const token = gitLogin(store, authorization);
  if (token === undefined) {
    return refusal(401, "Invalid username or token.", { "www-authenticate": 'Basic realm="GitHub"' });
  }
  const level = repository && lesser(store.levelOf(repository, token), token.areas.contents ?? "admin");
  if (repository === undefined || level === undefined || level === "none") return refusal(404, "Repository not found.");
  if (push && repository.archived) return refusal(403, "This repository was archived so it is read-only.");
  if (push && !atLeast(level, "write")) {
    return refusal(403, `Permission to ${repository.owner}/${repository.name}.git denied to ${token.login}.`);
  }
  const { login, workflows = true } = token;
  return runBackend({ store, request, url, repository, service, login, workflows });
}

interface Backend {
  readonly store: Store;
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly repository: Repository;
  readonly service: string;
  readonly login: string;
  readonly workflows: boolean;
}

async function runBackend({ store, request, url, repository, service, login, workflows }: Backend): Promise<Answer> {
  const { headers } = request;
  const child = store.git.spawnHttpBackend({
    dir: repository.dir,
    env: {
      GIT_PROJECT_ROOT: repository.dir,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: `/${service}`,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? "GET",
      CONTENT_TYPE: headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
      GIT_PROTOCOL: String(headers["git-protocol"] ?? ""),
      REMOTE_USER: login,
      // For the hook of `writePushRules`.
      WITHOUT_WORKFLOWS: workflows ? "" : "yes",
      REMOTE_ADDR: "127.0.0.1",
    },
  });
  const closed = once(child, "close");
  child.stderr.resume();
  child.stdin.on("error", () => undefined); // git may answer before it read everything
  request.pipe(child.stdin);
  request.once("error", () => child.stdin.destroy());
  request.once("close", () => child.stdin.end());
  const { head, body } = await readHead(child.stdout);
  const { status, headers: sent } = parseHead(head);
  if (service !== "git-receive-pack") return { status, headers: sent, stream: body };
  const answer = await collect(body);
  await closed;
  await afterPush(store, repository);
  return { status, headers: sent, body: answer };
}

async function readHead(stdout: Readable): Promise<{ head: string; body: Readable }> {
  const body = new PassThrough();
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const done = () => reject(new ApiError(500, "git http-backend ended without an answer"));
    const read = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf("\r\n\r\n");
      if (end < 0 && seen.length < MOST_HEADERS) return;
      stdout.off("data", read).off("end", done);
      stdout.pause();
      body.write(seen.subarray(end + 4));
      stdout.pipe(body);
      resolve({ head: seen.subarray(0, end).toString(), body });
    };
    stdout.on("data", read).once("end", done);
  });
}

function parseHead(head: string): { status: number; headers: Record<string, string> } {
  const pairs = head.split("\r\n").map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const { status = "200", ...headers } = Object.fromEntries(pairs);
  return { status: Number.parseInt(status, 10), headers };
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MOST_PUSH_ANSWER) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
