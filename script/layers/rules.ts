/** Layers from the lowest to the highest. A folder imports from its own layer and from those below. */
export type Layers = readonly { name: string; folders: readonly string[] }[];

/** The packages whose folders may have no cycle. */
export const PACKAGES = [
  "apps/board",
  "apps/cli",
  "apps/runner",
  "apps/scheduler",
  "packages/core",
  "packages/sandbox",
] as const;

/** The layers of `packages/core/src`: `docs/architecture.md` describes them. */
export const CORE_LAYERS: Layers = [
  { name: "domain", folders: ["domain", "outgoing", "protection"] },
  { name: "settings, GitHub, data", folders: ["config", "github", "ledger", "log", "process", "queue", "state"] },
  { name: "insight", folders: ["board", "conversation", "health", "status", "why"] },
  { name: "app", folders: ["app", "isolation", "notify", "share"] },
];
