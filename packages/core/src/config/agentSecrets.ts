import { MODEL_SECRETS, SECRETS } from "./variables.ts";

/** Return the URL of the API for a secret of `agent.secrets`; null: the text is neither a host nor an HTTP URL. */
export function secretUrl(text: string): URL | null {
  const url = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  if (/[\s\\?#@]/.test(text) || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  return parsed.hostname === "" ? null : parsed;
}

/** Return why a variable cannot be in `agent.secrets`; null: it can. */
export function whyNoAgentSecret(name: string): string | null {
  const isModels = (MODEL_SECRETS as readonly string[]).includes(name);
  if (isModels) return `${name} is the model's key, which tac8 handles without this setting`;
  const ours = SECRETS.some((secret) => name === secret.name || name === `${secret.name}_FILE`);
  return ours || name === "REDIS_URL" ? `${name} is a secret of tac8, which agents never get` : null;
}
