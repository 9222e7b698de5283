export function accessibilityFaults(): string[];
export function focused(): { key: string; visible: boolean };
export function tabStops(): { key: string; text: string }[];
