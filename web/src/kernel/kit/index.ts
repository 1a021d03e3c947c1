// The kit: every part of the interface exists once, here.
export { type Anchor, place } from "./anchor";
export { Button, type ButtonProps, IconButton, type IconButtonProps, LinkButton } from "./button";
export { ConfirmHost, confirm, type Question } from "./confirm";
export { cx } from "./cx";
export { Dialog, type DialogProps, Sheet } from "./dialog";
export { Checkbox, Field, Input, PasswordInput, Radio, Select, Switch, Textarea } from "./field";
export { useForm } from "./form";
export * from "./icons";
export { Card, Chip, Line, Page, PageHeader, Time } from "./layout";
export { Menu, type MenuAction, type MenuItem, MenuList, type TriggerProps, useMenu } from "./menu";
export { Meter, Progress } from "./progress";
export { Badge, EmptyState, ErrorState, Notice, Skeleton } from "./states";
export { type Column, Table } from "./table";
export { Tabs } from "./tabs";
export { ToastRegion, toast, undoLast } from "./toast";
export { TooltipHost } from "./tooltip";
export { topLayer, useTopLayer } from "./top-layer";
