import type { ComponentProps } from "react";
import { useText } from "@/kernel/i18n/area";
import { Input } from "@/kernel/kit";
import { identityText } from "../text";

/** The field for a user name, as password managers know it and without the keyboard's corrections. */
export function UsernameInput(props: Omit<ComponentProps<typeof Input>, "label">) {
  const t = useText(identityText);
  return (
    <Input label={t.username} autoComplete="username" autoCapitalize="none" spellCheck={false} {...props} />
  );
}
