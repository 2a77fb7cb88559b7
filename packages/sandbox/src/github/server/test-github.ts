import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGitHub } from "./local-github.ts";
import type { GitHubOptions, LocalGitHub } from "../types.ts";

export interface TestGitHub {
  readonly github: LocalGitHub;
  /** Folder of this test. */
  readonly folder: string;
  /** Of `octo`, who owns `octo/thing`; `helper` may write there, `stranger` may read. */
  readonly token: string;
  readonly repo: string;
  ask(method: string, path: string, options?: Ask): Promise<Answered>;
  close(): Promise<void>;
}

export interface Ask {
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body, or undefined. */
  readonly data: unknown;
}

/** Start a local GitHub with one repository and three users, in a folder that is removed when it closes. */
export async function testGitHub(options: Partial<GitHubOptions> = {}): Promise<TestGitHub> {
  const folder = await mkdtemp(join(tmpdir(), "tac8-github-"));
  const github = await startGitHub({ dir: join(folder, "git"), ...options });
  const token = github.addUser({ login: "octo", token: "octo-token" });
  github.addUser({ login: "helper", token: "helper-token" });
  github.addUser({ login: "stranger", token: "stranger-token" });
  const { repo } = await github.createRepository({ owner: "octo", name: "thing" });
  github.setPermission(repo, "helper", "write");
  return {
    github,
    folder,
    token,
    repo,
    async ask(method, path, { body, token: other = token, headers = {} } = {}) {
      const authorization = other === "" ? {} : { authorization: `Bearer ${other}` };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const url = path.startsWith("http") ? path : github.url + path;
      const answer = await fetch(url, {
        method,
        redirect: "manual",
        headers: { ...authorization, ...headers },
        ...sent,
      });
      const text = await answer.text();
      const isJson = answer.headers.get("content-type")?.includes("json") === true && text !== "";
      return { status: answer.status, headers: answer.headers, text, data: isJson ? tryJson(text) : undefined };
    },
    async close() {
      await github.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return `no JSON: ${String(error)}`;
  }
}
