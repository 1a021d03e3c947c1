// What a password and a user name must be like, shown while typing.
import { useText } from "@/kernel/i18n/area";
import { Check, cx, X } from "@/kernel/kit";
import { identityText } from "../text";
import "./auth.css";

const RULES = { length: /^.{8,128}$/su, lower: /\p{Ll}/u, upper: /\p{Lu}/u, digit: /\d/ };
const RULE_NAMES = ["length", "lower", "upper", "digit"] as const;
const USERNAME = /^[A-Za-z0-9_-]{3,32}$/;

export function fulfilsRules(password: string): boolean {
  return RULE_NAMES.every((name) => RULES[name].test(password));
}

export function isUsername(name: string): boolean {
  return USERNAME.test(name);
}

export function PasswordRules({ password }: { password: string }) {
  const t = useText(identityText).rules;
  return (
    <ul className="rules" aria-label={t.title}>
      {RULE_NAMES.map((name) => {
        const met = RULES[name].test(password);
        const Shape = met ? Check : X;
        return (
          <li key={name} className={cx("rule", met && "rule-met")}>
            <Shape size={14} strokeWidth={2} aria-hidden />
            {t[name]}
            <span className="sr-only">, {met ? t.met : t.unmet}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** A password that is easy to read aloud and fulfils the rules: five groups from an even alphabet. */
export function suggestPassword(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const limit = 256 - (256 % letters.length);
  let text = "";
  while (text.length < 20) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      if (byte < limit && text.length < 20) text += letters[byte % letters.length];
    }
  }
  const groups = text.match(/.{5}/g)?.join("-") ?? text;
  const password = groups.replace(/[a-z]/, (letter) => letter.toUpperCase());
  return fulfilsRules(password) ? password : suggestPassword();
}
