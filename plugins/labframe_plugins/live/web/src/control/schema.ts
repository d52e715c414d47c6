// What an argument may be, from its JSON schema.

import { plain, unitText } from "../format";
import type { Schema } from "../model";

/** How an argument is entered. */
export type Kind = "number" | "integer" | "truth" | "choice" | "text" | "list" | "json";

/** An argument of a command, ready to be made into a field. */
export interface Argument {
  readonly name: string;
  readonly kind: Kind;
  readonly unit: string;
  readonly choices: unknown[];
  readonly isNeeded: boolean;
  /** undefined if it has none. */
  readonly otherwise: unknown;
  /** Limits, length and so on, in words. */
  readonly limits: string;
  readonly about: string;
}

/** Returns the arguments of a command by name, in the order of their declaration. */
export function argumentsOf(schema: Schema): Argument[] {
  const needed = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => argumentOf(name, property, needed.has(name), schema));
}

function argumentOf(name: string, property: Schema, isNeeded: boolean, whole: Schema): Argument {
  const schema = resolved(property, whole);
  return {
    name, isNeeded, kind: kindOf(schema), unit: unitText(schema.unit ?? schema.items?.unit ?? null), choices: schema.enum ?? [],
    otherwise: property.default ?? schema.default, limits: limitsOf(schema), about: schema.description ?? "",
  };
}

/** Returns what a schema refers to; of a choice between a thing and nothing, the thing. */
export function resolved(schema: Schema, whole: Schema): Schema {
  const target = schema.$ref?.startsWith("#/$defs/") ? whole.$defs?.[schema.$ref.slice("#/$defs/".length)] : undefined;
  if (target) return { ...target, ...schema };
  const options = (schema.anyOf ?? []).filter((one) => one.type !== "null");
  return options.length === 1 && options[0] ? { ...resolved(options[0], whole), ...schema } : schema;
}

function kindOf(schema: Schema): Kind {
  if (schema.enum) return "choice";
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  switch (type) {
    case "number": return "number";
    case "integer": return "integer";
    case "boolean": return "truth";
    case "string": return "text";
    case "array": return ["number", "integer"].includes(String(schema.items?.type)) ? "list" : "json";
    default: return "json";
  }
}

function limitsOf(schema: Schema): string {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const above = schema.exclusiveMinimum !== undefined ? "above " : "";
  const below = schema.exclusiveMaximum !== undefined ? "below " : "";
  if (low !== undefined && high !== undefined) return `${above}${plain(low)} to ${below}${plain(high)}`;
  if (low !== undefined) return above ? `above ${plain(low)}` : `at least ${plain(low)}`;
  if (high !== undefined) return below ? `below ${plain(high)}` : `at most ${plain(high)}`;
  if (schema.maxLength !== undefined) return `at most ${schema.maxLength} characters`;
  if (schema.items) return [`${schema.minItems ?? ""}`, limitsOf(schema.items)].filter(Boolean).join(" of ");
  return "";
}

/** Returns the value that was entered, as the command takes it; undefined if nothing was entered. */
export function valueOf(argument: Argument, text: string): unknown {
  const entered = text.trim();
  if (entered === "" && argument.kind !== "text") return undefined;
  switch (argument.kind) {
    case "text": return text === "" && !argument.isNeeded ? undefined : text;
    case "number": case "integer": return numberFrom(entered);
    case "list": return entered.split(/[\s,;]+/).filter(Boolean).map(numberFrom);
    case "truth": case "choice": case "json": return JSON.parse(entered) as unknown;
  }
}

/** A decimal comma is taken for a point; what is no number goes to the host as text, and is refused there. */
function numberFrom(text: string): number | string {
  const value = Number(text.replace(",", ".").replace("−", "-"));
  return Number.isNaN(value) ? text : value;
}
