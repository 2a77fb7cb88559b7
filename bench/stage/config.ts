export type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Default keys. Limits that would slow tac8 down on a busy machine are off. */
const DEFAULTS: Sections = {
  github: { repo_owner: "octo", repo_name: "widgets", write_interval_ms: 0 },
  host: { min_free_memory_mb: 0, min_free_disk_gb: 0, max_load_per_core: 0, max_temperature_c: 0 },
  janitor: { min_free_gb: 0 },
};

/** Return the text of a configuration file; given sections replace single default keys. */
export function renderConfig(changes: Sections): string {
  const names = [...new Set([...Object.keys(DEFAULTS), ...Object.keys(changes)])];
  return names
    .map((name) => {
      const lines = Object.entries({ ...DEFAULTS[name], ...changes[name] }).map(
        ([key, value]) => `${key} = ${JSON.stringify(value)}\n`,
      );
      return `[${name}]\n${lines.join("")}`;
    })
    .join("\n");
}
