#!/usr/bin/env python3
"""Make coastline-50m.bin from the TopoJSON file land-50m.json of the npm package world-atlas 2.0.2.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python3 coastline.py package/land-50m.json coastline-50m.bin

File format: lines one after the other, each a count of points, then longitude and latitude of every point as
differences to the point before (the first to 0), in units of 1/256 degree. All numbers are zigzag LEB128 varints.
Segments on the date line and along the south pole close polygons and are no coast: they are left out.
"""
import json
import sys


def varint(value):
    value = value * 2 if value >= 0 else -value * 2 - 1
    out = bytearray()
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)
    return bytes(out)


def main(source, target):
    topology = json.load(open(source))
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    out = bytearray()
    lines = points = 0
    for arc in topology["arcs"]:
        x = y = 0
        pieces, piece, last = [], [], None
        for dx, dy in arc:
            x, y = x + dx, y + dy
            longitude, latitude = x * scale_x + shift_x, y * scale_y + shift_y
            edge = abs(longitude) > 179.995, latitude < -89.9
            if last is not None and ((edge[0] and last[0]) or (edge[1] and last[1])):
                pieces.append(piece)
                piece = []
            point = round(longitude * 256), round(latitude * 256)
            if not piece or piece[-1] != point:
                piece.append(point)
            last = edge
        pieces.append(piece)
        for piece in pieces:
            if len(piece) < 2:
                continue
            lines, points = lines + 1, points + len(piece)
            out += varint(len(piece))
            before = (0, 0)
            for point in piece:
                out += varint(point[0] - before[0]) + varint(point[1] - before[1])
                before = point
    open(target, "wb").write(out)
    print(f"{lines} lines, {points} points, {len(out)} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
