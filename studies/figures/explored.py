"""A figure as a page draws it again to be explored: Vega, made on demand from its specification.

Compiled here, with the renderer that draws the pictures, so that a browser needs no Vega-Lite. What
is added (series that can be hidden, axes that can be zoomed, colours of a dark page) is named in
``usermeta`` for ``explore.js``; nothing of the figure or of its digest changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import vl_convert

from studies.colours import DRAWN, LIGHT, on_dark
from studies.figures.figure import Figure

PARTS = ("layer", "hconcat", "vconcat", "concat")
CONTINUOUS = ("linear", "log", "pow", "sqrt", "symlog")
STYLES = {"color": "colours", "fill": "colours", "strokeDash": "dashes", "shape": "shapes"}
ZOOMED = "zoomed"
_SIDE = re.compile(r"(?:^|_)([xy])$")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_KNOWN = {LIGHT[name] for name in DRAWN}

Node = dict[str, Any]


def is_explorable(spec: Node) -> bool:
    """Whether any mark says what it is; a figure whose numbers are all written has none."""
    return any("tooltip" in unit.get("encoding", {}) for unit in _units(spec))


def explored(figure: Figure) -> Node:
    """The figure as Vega with its data."""
    spec: Node = json.loads(json.dumps(figure.spec))
    families = _families(spec)
    for unit in _units(spec):
        _make_hideable(unit, families)
    boxes = [unit["encoding"].pop("tooltip") for unit in _units(spec)
             if _mark(unit) == "boxplot" and "tooltip" in unit.get("encoding", {})]  # fmt: skip
    spec["params"] = [*spec.get("params", ()), {"name": "hidden", "value": []}]
    told = spec.pop("usermeta", {})
    vega: Node = vl_convert.vegalite_to_vega(spec)
    _read_boxes(vega, boxes)
    _take_dark_colours(vega)
    panels = [] if told.get("still") else _make_zoomable(vega)
    lines = [unit for unit in _units(spec) if _is_read_along(unit)]
    vega["usermeta"] = told | {
        "families": families,
        "panels": panels,
        "along": bool(lines),
        "steps": any(unit["mark"].get("interpolate") == "step-after" for unit in lines),
    }
    return vega


def _units(spec: Node) -> Iterator[Node]:
    parts = [part for name in PARTS for part in spec.get(name, ())]
    if "spec" in spec:
        parts.append(spec["spec"])
    for part in parts:
        yield from _units(part)
    if not parts:
        yield spec


def _is_read_along(unit: Node) -> bool:
    """A line of which every series is read at one place."""
    encoding = unit.get("encoding", {})
    is_line = unit["mark"]["type"] == "line" if isinstance(unit.get("mark"), dict) else False
    return is_line and "tooltip" in encoding and "order" not in encoding


def _families(spec: Node) -> list[Node]:
    """Series that a legend names, with how each is drawn; legends that say the same are one."""
    found: dict[str, Node] = {}
    for unit in _units(spec):
        if _mark(unit) == "rect":
            continue
        for channel, key in STYLES.items():
            style = unit.get("encoding", {}).get(channel, {})
            names = style.get("scale", {}).get("domain") if "field" in style else None
            if not isinstance(names, list) or style.get("legend", {}) is None or len(names) < 2:
                continue
            legend = style.get("legend") or {}
            family = {"field": style["field"], "names": names, "title": legend.get("title") or ""}
            one = found.setdefault(json.dumps([family["field"], names]), family)
            one.setdefault(key, style["scale"].get("range"))
    return list(found.values())


def _make_hideable(unit: Node, families: list[Node]) -> None:
    """By the field that names its series, or by the series' own colour."""
    for number, family in enumerate(families):
        name = _name_in(unit, number, family)
        if name:
            shown = {"filter": f"indexof(hidden, {name}) < 0"}
            unit["transform"] = [*unit.get("transform", ()), shown]


def _name_in(unit: Node, number: int, family: Node) -> str:
    for channel in STYLES:
        style = unit.get("encoding", {}).get(channel, {})
        if style.get("field") != family["field"]:
            continue
        if style.get("scale", {}).get("domain", family["names"]) == family["names"]:
            return f"'{number}:' + datum[{json.dumps(family['field'])}]"
    mark = unit.get("mark")
    colour = mark.get("color") if isinstance(mark, dict) else None
    colours = family.get("colours") or []
    if colour is None or colours.count(colour) != 1:
        return ""
    return json.dumps(f"{number}:{family['names'][colours.index(colour)]}", ensure_ascii=False)


def _mark(unit: Node) -> str:
    mark = unit.get("mark", "")
    return str(mark.get("type", "") if isinstance(mark, dict) else mark)


def _read_boxes(view: Node, told: list[Node]) -> None:
    """Vega-Lite has English words of its own for the parts of a box: the box alone is read.

    It is of a panel, whose name stands with the panel.
    """
    for mark in view.get("marks", ()):
        _read_boxes(mark, told)
        own = mark.get("encode", {}).get("update", {})
        if told and own.pop("tooltip", None) and "y2" in own and mark["type"] == "rect":
            said = told[0]["value"]["expr"].replace('"title": datum[', '"title": parent[')
            own["tooltip"] = {"signal": said}


def _take_dark_colours(vega: Node) -> None:
    """Where a style sheet does not know the colour, or it lies between two."""
    vega.setdefault("signals", []).append({"name": "dark", "value": False})
    for scale in vega["scales"]:
        light = scale.get("range")
        if not isinstance(light, list) or not all(_is_colour(one) for one in light):
            continue
        if scale["type"] == "linear" or not set(light) <= _KNOWN:
            dark = json.dumps([on_dark(one) for one in light])
            scale["range"] = {"signal": f"dark ? {dark} : {json.dumps(light)}"}


def _is_colour(value: Any) -> bool:
    return isinstance(value, str) and bool(_COLOUR.fullmatch(value))


def _make_zoomable(vega: Node) -> list[Node]:
    """Panels whose two axes are continuous; equal scales of neighbours across go along."""
    scales = {scale["name"]: scale for scale in vega["scales"]
              if scale["type"] in CONTINUOUS and _SIDE.search(scale["name"])}  # fmt: skip
    views = [(view, _sides(view, scales)) for view in _views(vega)]
    signals: dict[str, str] = {}
    panels = []
    for view, sides in views:
        if len(sides) == 2:
            signals |= {name: _signal(name, scales, signals) for name in sides.values()}
            panels.append({"group": view.get("name", ""), **{
                side: {"scale": name, "signal": signals[name]} for side, name in sides.items()
            }})  # fmt: skip
    for _, sides in views:
        for name in sides.values():
            twin = _twin(name, scales, signals)
            if twin:
                signals[name] = signals[twin]
    if panels:
        _zoom(vega, scales, signals, [view for view, _ in views])
    return panels


def _signal(name: str, scales: dict[str, Node], signals: dict[str, str]) -> str:
    twin = _twin(name, scales, signals)
    return signals[twin] if twin else f"zoom_{name}"


def _twin(name: str, scales: dict[str, Node], signals: dict[str, str]) -> str:
    """Another scale across that goes over the same values, and has its signal."""
    domain = scales[name].get("domain")
    if not name.endswith("x") or not isinstance(domain, list) or name in signals:
        return ""
    return next((one for one in signals if one.endswith("x")
                 and scales[one].get("domain") == domain), "")  # fmt: skip


def _zoom(vega: Node, scales: dict[str, Node], signals: dict[str, str], views: list[Node]) -> None:
    for name, signal in signals.items():
        scales[name]["domainRaw"] = {"signal": signal}
    names = sorted(set(signals.values()))
    vega["signals"] += [{"name": name, "value": None} for name in names]
    vega["signals"].append({"name": ZOOMED, "update": f"!!({' || '.join(names)})"})
    for view in views:
        for axis in view.get("axes", ()):
            _loosen(axis, signals.get(axis["scale"]))
        if set(_named_scales(view)) & set(signals):
            _clip(view)


def _loosen(axis: Node, signal: str | None) -> None:
    """Closer up, ticks and their digits are chosen anew."""
    if signal is None:
        return
    if isinstance(axis.get("values"), list):
        axis["values"] = {"signal": f"{signal} ? null : {json.dumps(axis['values'])}"}
    if isinstance(axis.get("format"), str):
        axis["format"] = {"signal": f"{signal} ? '~g' : {json.dumps(axis['format'])}"}


def _clip(view: Node) -> None:
    for mark in view.get("marks", ()):
        if mark["type"] == "group":
            _clip(mark)
        elif not mark.get("clip"):
            mark["clip"] = {"signal": ZOOMED}


def _views(vega: Node) -> list[Node]:
    """The panels: groups that are cells, or the whole where there are none."""
    cells = [mark for mark in vega.get("marks", ()) if str(mark.get("name", "")).endswith("_group")]
    return [view for cell in cells for view in _views(cell)] or [vega]


def _sides(view: Node, scales: dict[str, Node]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _named_scales(view):
        side = _SIDE.search(name)
        if name in scales and side:
            found.setdefault(side[1], name)
    return found


def _named_scales(view: Node) -> Iterator[str]:
    """Scales that marks of a view stand on."""
    for mark in view.get("marks", ()):
        if mark["type"] == "group":
            yield from _named_scales(mark)
        for channel in mark.get("encode", {}).get("update", {}).values():
            for part in channel if isinstance(channel, list) else [channel]:
                if isinstance(part, dict) and isinstance(part.get("scale"), str):
                    yield part["scale"]
