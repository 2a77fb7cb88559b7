import { createPublicKey, generateKeyPairSync, randomUUID, verify, type KeyObject } from "node:crypto";
import { ApiError, notFound } from "./answer.ts";
import type { Area, Level } from "./model.ts";
import type { Store } from "./store.ts";

/** By GitHub's name, such as `pull_requests`: `read` or `write`. */
export type Permissions = Readonly<Record<string, string>>;

/** A GitHub App. */
export interface App {
  readonly id: number;
  /** Its account is `<slug>[bot]`. */
  readonly slug: string;
  readonly name: string;
  readonly owner: string;
  readonly publicKey: KeyObject;
  readonly permissions: Permissions;
  readonly createdAt: number;
  readonly installations: Map<number, Installation>;
}

export interface Installation {
  readonly id: number;
  readonly account: string;
  /** Ids. */
  readonly repositories: Set<number>;
  permissions: Permissions;
  suspended: boolean;
}

/** An App that a manifest requested, until its code is exchanged. */
export interface PendingApp {
  readonly app: App;
  readonly pem: string;
}

/** The longest life of a JSON web token that GitHub takes, and what a clock may be off. */
const MAX_JWT_S = 600;
const LEEWAY_S = 60;

export const ALL_PERMISSIONS: Permissions = {
  contents: "write",
  issues: "write",
  metadata: "read",
  pull_requests: "write",
};

const AREAS: Readonly<Record<string, Area>> = { contents: "contents", issues: "issues", pull_requests: "pulls" };

/** Makes an App with a new key, and the account that its tokens act as. @returns it with the private key */
export function createApp(
  store: Store,
  { owner, slug, name = slug, permissions = ALL_PERMISSIONS }: NewApp,
): PendingApp {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs1", format: "pem" });
  const login = `${slug}[bot]`;
  store.users.set(login.toLowerCase(), { id: store.id(), login, createdAt: Date.now() });
  const app: App = {
    id: store.id(),
    slug,
    name,
    owner: store.user(owner).login,
    publicKey: createPublicKey(publicKey.export({ type: "spki", format: "pem" })),
    permissions,
    createdAt: Date.now(),
    installations: new Map(),
  };
  store.apps.set(app.id, app);
  return { app, pem };
}

export interface NewApp {
  readonly owner: string;
  readonly slug: string;
  readonly name?: string;
  readonly permissions?: Permissions;
}

/** @throws ApiError in GitHub's words when the token is not signed by the App, or is out of its time. */
export function appOfJwt(store: Store, authorization: string | undefined): App {
  const [, jwt = ""] = /^bearer\s+(\S+)$/i.exec(authorization ?? "") ?? [];
  const [head = "", body = "", signature = "", ...rest] = jwt.split(".");
  const [header, claims] = [parse(head), parse(body)];
  const undecodable = new ApiError(401, "A JSON web token could not be decoded");
  if (header["alg"] !== "RS256" || signature === "" || rest.length > 0) throw undecodable;
  const app = store.apps.get(Number(claims["iss"]));
  if (app === undefined) throw new ApiError(404, "Integration not found");
  const isSigned = verify("sha256", Buffer.from(`${head}.${body}`), app.publicKey, Buffer.from(signature, "base64url"));
  if (!isSigned) throw undecodable;
  const now = Math.floor(store.now() / 1000);
  const { exp, iat } = claims;
  if (typeof exp !== "number" || exp <= now) {
    throw new ApiError(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (exp > now + MAX_JWT_S + LEEWAY_S) {
    throw new ApiError(401, "'Expiration time' claim ('exp') is too far in the future");
  }
  if (typeof iat !== "number" || !Number.isInteger(iat) || iat > now) {
    throw new ApiError(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  return app;
}

interface TokenRequest {
  readonly repositories?: readonly string[] | undefined;
  readonly permissions?: Permissions | undefined;
}

/** @throws ApiError 404, 403 for a suspended installation, 422 for more than the installation has. */
export function makeToken(store: Store, given: { app: App; installation: Installation; wanted: TokenRequest }) {
  const { app, installation, wanted } = given;
  if (installation.suspended) throw new ApiError(403, "This installation has been suspended");
  const reach = reachOf(store, installation, wanted.repositories);
  const permissions = wanted.permissions ?? installation.permissions;
  for (const [name, level] of Object.entries(permissions)) {
    const granted = installation.permissions[name];
    if (granted === undefined || (level === "write" && granted === "read")) {
      throw new ApiError(422, "The permissions requested are not granted to this installation.");
    }
  }
  const secret = `ghs_${randomUUID().replaceAll("-", "")}`;
  // GitHub reports it to the second.
  const expiresAt = Math.floor((store.now() + store.appTokenLifeMs) / 1000) * 1000;
  const areas = Object.fromEntries(
    Object.entries(AREAS).map(([name, area]) => [area, (permissions[name] ?? "none") as Level]),
  );
  const login = `${app.slug}[bot]`;
  store.tokens.set(secret, {
    login,
    atMost: "admin",
    areas,
    app: true,
    reach,
    expiresAt,
    installation: installation.id,
    workflows: permissions["workflows"] === "write",
  });
  return { secret, expiresAt, permissions, reach };
}

function reachOf(store: Store, installation: Installation, names: readonly string[] | undefined): ReadonlySet<number> {
  if (names === undefined) return installation.repositories;
  return new Set(
    names.map((name) => {
      const repository = store.find(`${installation.account}/${name}`);
      if (repository !== undefined && installation.repositories.has(repository.id)) return repository.id;
      throw new ApiError(
        422,
        "There is at least one repository that does not exist or is not accessible to the parent installation.",
      );
    }),
  );
}

export function installationFor(app: App, repository: number): Installation {
  const found = [...app.installations.values()].find(({ repositories }) => repositories.has(repository));
  if (found === undefined) throw notFound();
  return found;
}

function parse(part: string): Record<string, unknown> {
  try {
    return { ...(JSON.parse(Buffer.from(part, "base64url").toString()) as object) };
  } catch {
    return {};
  }
}
