// Every word on the screen comes from here, that is from the message file of the chosen language.

import { get } from "./server.js";
import { age, exactly, number } from "./numbers.js";
import { shownIn } from "./units.js";
import { signal } from "./vendor/signals.js";

const REMEMBERED = "farmloop.language";
const messages = signal({});
export const language = signal("");

/** Chooses the language: what was chosen before, else the browser's, else the site's first. */
export function preferred(languages) {
  const wished = [localStorage.getItem(REMEMBERED), ...navigator.languages];
  for (const wish of wished) {
    const found = languages.find((one) => wish && one.split("-")[0] === wish.split("-")[0]);
    if (found) return found;
  }
  return languages[0];
}

/** What was asked for last: all words of a language, or only those of the first screen. */
let asked = { part: "first" };

/** Loads a language and shows it; `remember` if a person chose it. What is asked for later goes before it. */
export function speak(wanted, { remember = false, part = "all" } = {}) {
  const before = asked;
  const mine = (asked = { part });
  mine.came = get(`messages/${wanted}?part=${part}`).then(
    (words) => {
      if (asked !== mine) return asked.came;
      messages.value = words;
      language.value = wanted;
      document.documentElement.lang = wanted;
      if (remember) localStorage.setItem(REMEMBERED, wanted);
    },
    (problem) => {
      if (asked === mine) asked = before;
      throw problem;
    },
  );
  return mine.came;
}

/** Comes once the words of every screen are there. */
export const allWords = () => (asked.part === "first" ? speak(language.value) : asked.came);

/** The message `key` with its {places} filled; a number is shown as one of `unit`. Where the values themselves name that
 *  unit, their words hold it as well: then it is not converted. */
export function tell(key, values = {}, unit = "") {
  const template = messages.value[key];
  if (template === undefined) return key;
  const shown = values.unit === unit ? exactly : number;
  return template.replace(/\{(\w+)(?::\.(\d)f)?\}/g, (_, place, digits) => {
    const value = values[place];
    if (value === undefined || value === null) return "–";
    if (typeof value !== "number") return String(value);
    if (digits !== undefined) return value.toFixed(Number(digits));
    return unit === "" && Number.isInteger(value) ? String(value) : shown(value, unit);
  });
}

/** Whether there is such a message. */
export const knows = (key) => key in messages.value;

/** A name of the site in the present language. */
export const called = (name) => (language.value.startsWith("zh") ? name.zh : name.en);

export const unitWord = (unit) => messages.value[`unit.${shownIn(unit)}`] ?? unit;

/** A value with its unit, as one text. */
export function quantity(value, unit) {
  if (typeof value === "boolean") return tell(value ? "panel.on" : "panel.off");
  if (typeof value === "string") return value;
  return `${number(value, unit)} ${unitWord(unit)}`.trimEnd();
}

/** "12 min ago". */
export function ageWords(milliseconds) {
  const { count, of } = age(milliseconds);
  return tell(`panel.age.${of}`, { count });
}

/** A sentence that the site itself wrote in two languages, its {places} filled. */
export function sentence(name, values) {
  return called(name).replace(/\{(\w+)\}/g, (_, place) => {
    const value = values[place];
    return typeof value === "number" && !Number.isInteger(value) ? number(value, "") : String(value ?? "–");
  });
}
