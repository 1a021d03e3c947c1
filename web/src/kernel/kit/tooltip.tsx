// One tooltip for every element with `data-tip`: shown on hover and keyboard focus, hidden by Esc.
import { useEffect, useRef } from "react";
import { place } from "./anchor";
import "./tooltip.css";

const DELAY_MS = 450;

export function TooltipHost() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const tip = ref.current;
    if (!tip) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hide = () => {
      clearTimeout(timer);
      if (tip.matches(":popover-open")) tip.hidePopover();
    };
    const show = (event: Event) => {
      const target = (event.target as Element | null)?.closest?.("[data-tip]");
      hide();
      if (!target || target.getAttribute("aria-expanded") === "true") return;
      if (event.type === "focusin" && !target.matches(":focus-visible")) return;
      timer = setTimeout(() => {
        if (!target.isConnected) return;
        tip.textContent = target.getAttribute("data-tip");
        tip.showPopover();
        place(tip, target);
      }, DELAY_MS);
    };
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && hide();
    const hover = matchMedia("(hover: hover)").matches;
    if (hover) addEventListener("pointerover", show);
    addEventListener("focusin", show);
    addEventListener("pointerdown", hide, true);
    addEventListener("scroll", hide, true);
    addEventListener("keydown", onKey, true);
    return () => {
      hide();
      removeEventListener("pointerover", show);
      removeEventListener("focusin", show);
      removeEventListener("pointerdown", hide, true);
      removeEventListener("scroll", hide, true);
      removeEventListener("keydown", onKey, true);
    };
  }, []);
  return <div ref={ref} popover="manual" className="tooltip" aria-hidden />;
}
