//! The geodesic mesh: Voronoi cells of a subdivided icosahedron, twelve pentagons among hexagons.

use std::collections::HashMap;

use crate::{Error, Result};

/// Edges that a cell has at most.
const MAX_EDGES: usize = 6;

/// A point or direction in space.
type Vector = [f64; 3];

/// The Voronoi mesh of the 10 n² + 2 points of an icosahedron whose edges are cut into n, put on the sphere.
///
/// Neighbouring cells differ in size by a few per cent; the edges bisect the arcs between cell centres at right angles.
/// Cells and edges are numbered face by face and row by row, so that what is close on the sphere is mostly close in memory.
///
/// ```
/// use terrella_kernels::grid::GeodesicMesh;
/// let mesh = GeodesicMesh::new(16, 6_371_229.0)?;
/// assert_eq!((mesh.cells, mesh.edges), (2_562, 7_680));
/// # Ok::<(), terrella_kernels::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GeodesicMesh {
    /// Number of cells.
    pub cells: usize,
    /// Number of edges.
    pub edges: usize,
    /// Edges that a cell has at most: 6.
    pub max_edges: usize,
    /// Edges around each cell \[cells, max_edges\]; a pentagon repeats its first edge.
    pub edges_on_cell: Vec<u32>,
    /// +1 where the edge's normal points out of the cell, −1 where it points in, 0 for a repeated edge \[cells, max_edges\].
    pub edge_sign: Vec<f64>,
    /// Length of each edge \[edges\] \[m\].
    pub edge_length: Vec<f64>,
    /// Area of each cell \[cells\] \[m²\].
    pub cell_area: Vec<f64>,
    /// Unit vector to each cell's centre \[cells\].
    pub cell_centre: Vec<Vector>,
    /// Unit vector to each edge's midpoint \[edges\].
    pub edge_midpoint: Vec<Vector>,
    /// Horizontal unit vector at the edge's midpoint, normal to the edge \[edges\].
    pub edge_normal: Vec<Vector>,
}

impl GeodesicMesh {
    /// The mesh of frequency `frequency` (1 to 2000) on a sphere of `radius` [m].
    pub fn new(frequency: usize, radius: f64) -> Result<Self> {
        if !(1..=2000).contains(&frequency) {
            return Err(Error::InvalidValue {
                name: "frequency",
                got: frequency.to_string(),
                expected: "a number of parts from 1 to 2000".to_owned(),
            });
        }
        if !(radius > 0.0 && radius.is_finite()) {
            return Err(Error::InvalidValue {
                name: "radius",
                got: radius.to_string(),
                expected: "a positive length in metres".to_owned(),
            });
        }
        let (cell_centre, triangles) = triangulate(frequency);
        let sides = sides_of(&triangles);
        let corners: Vec<Vector> = triangles.iter().map(|&cells| circumcentre(cells, &cell_centre)).collect();

        let (cells, edges) = (cell_centre.len(), sides.len());
        let mut mesh = Self {
            cells,
            edges,
            max_edges: MAX_EDGES,
            edges_on_cell: vec![0; cells * MAX_EDGES],
            edge_sign: vec![0.0; cells * MAX_EDGES],
            edge_length: Vec::with_capacity(edges),
            cell_area: vec![0.0; cells],
            cell_centre,
            edge_midpoint: Vec::with_capacity(edges),
            edge_normal: Vec::with_capacity(edges),
        };
        let mut count = vec![0; cells];
        for (edge, side) in sides.iter().enumerate() {
            let [start, end] = side.triangles.map(|triangle| corners[triangle]);
            let midpoint = unit(add(start, end));
            let toward = subtract(mesh.cell_centre[side.cells[1]], mesh.cell_centre[side.cells[0]]);
            let across = unit(cross(subtract(end, start), midpoint));
            let normal = if dot(across, toward) < 0.0 { across.map(|x| -x) } else { across };
            mesh.edge_length.push(radius * angle(start, end));
            mesh.edge_midpoint.push(midpoint);
            mesh.edge_normal.push(normal);
            for (cell, sign) in side.cells.into_iter().zip([1.0, -1.0]) {
                let slot = cell * MAX_EDGES + count[cell];
                mesh.edges_on_cell[slot] = edge as u32;
                mesh.edge_sign[slot] = sign;
                mesh.cell_area[cell] += radius * radius * triangle_area(mesh.cell_centre[cell], start, end);
                count[cell] += 1;
            }
        }
        for cell in (0..cells).filter(|&cell| count[cell] < MAX_EDGES) {
            mesh.edges_on_cell[cell * MAX_EDGES + count[cell]] = mesh.edges_on_cell[cell * MAX_EDGES];
        }
        Ok(mesh)
    }
}

/// One side of the triangulation: an edge of the Voronoi mesh.
struct Side {
    /// The cells it separates, in the order of its normal.
    cells: [usize; 2],
    /// The triangles whose circumcentres are its ends.
    triangles: [usize; 2],
}

/// Points on the unit sphere and the triangles between them.
fn triangulate(frequency: usize) -> (Vec<Vector>, Vec<[usize; 3]>) {
    let (vertices, faces) = icosahedron();
    let mut points = Vec::new();
    let mut numbers: HashMap<[(usize, usize); 3], usize> = HashMap::new();
    let mut triangles = Vec::with_capacity(20 * frequency * frequency);
    for face in faces {
        let mut number_of = |row: usize, column: usize| {
            // The weights of the face's three vertices; points on a shared side have the same weights seen from both faces.
            let mut weights = [(face[0], frequency - row), (face[1], row - column), (face[2], column)]
                .map(|(vertex, weight)| if weight == 0 { (usize::MAX, 0) } else { (vertex, weight) });
            weights.sort_unstable();
            *numbers.entry(weights).or_insert_with(|| {
                let mut point = [0.0; 3];
                for (vertex, weight) in weights.into_iter().filter(|&(_, weight)| weight > 0) {
                    point = add(point, vertices[vertex].map(|x| x * weight as f64));
                }
                points.push(unit(point));
                points.len() - 1
            })
        };
        for row in 0..frequency {
            for column in 0..=row {
                let below = [number_of(row + 1, column), number_of(row + 1, column + 1)];
                let here = number_of(row, column);
                triangles.push([here, below[0], below[1]]);
                if column < row {
                    triangles.push([here, below[1], number_of(row, column + 1)]);
                }
            }
        }
    }
    (points, triangles)
}

/// The twelve vertices and twenty faces.
fn icosahedron() -> ([Vector; 12], [[usize; 3]; 20]) {
    let golden = (1.0 + 5_f64.sqrt()) / 2.0;
    let mut vertices = [[0.0; 3]; 12];
    for (number, vertex) in vertices.iter_mut().enumerate() {
        let [one, other] = [number % 2, number / 2 % 2].map(|bit| if bit == 0 { 1.0 } else { -1.0 });
        let axis = number / 4;
        vertex[axis] = one;
        vertex[(axis + 1) % 3] = other * golden;
        *vertex = unit(*vertex);
    }
    // Faces are the triples of mutual neighbours; neighbours subtend cos⁻¹(1/√5), all others more.
    let near = |a: usize, b: usize| dot(vertices[a], vertices[b]) > 0.4;
    let mut faces = [[0; 3]; 20];
    let mut count = 0;
    for a in 0..12 {
        for b in a + 1..12 {
            for c in b + 1..12 {
                if near(a, b) && near(b, c) && near(a, c) {
                    faces[count] = [a, b, c];
                    count += 1;
                }
            }
        }
    }
    (vertices, faces)
}

/// The sides of the triangles, each once, in the order of the triangles.
fn sides_of(triangles: &[[usize; 3]]) -> Vec<Side> {
    let mut sides: Vec<Side> = Vec::with_capacity(triangles.len() * 3 / 2);
    let mut numbers: HashMap<[usize; 2], usize> = HashMap::with_capacity(triangles.len() * 3 / 2);
    for (triangle, &[a, b, c]) in triangles.iter().enumerate() {
        for [first, second] in [[a, b], [b, c], [c, a]] {
            let cells = [first.min(second), first.max(second)];
            let next = sides.len();
            let number = *numbers.entry(cells).or_insert(next);
            if number == next {
                sides.push(Side { cells, triangles: [triangle, triangle] });
            } else {
                sides[number].triangles[1] = triangle;
            }
        }
    }
    sides
}

/// The point of the sphere at equal distance from a triangle's corners.
fn circumcentre([a, b, c]: [usize; 3], points: &[Vector]) -> Vector {
    let normal = unit(cross(subtract(points[b], points[a]), subtract(points[c], points[a])));
    if dot(normal, points[a]) < 0.0 { normal.map(|x| -x) } else { normal }
}

/// Area of a triangle of the unit sphere: Van Oosterom & Strackee 1983, IEEE Trans. Biomed. Eng. 30, 125–126.
fn triangle_area(a: Vector, b: Vector, c: Vector) -> f64 {
    let volume = dot(a, cross(subtract(b, a), subtract(c, a)));
    2.0 * volume.abs().atan2(1.0 + dot(a, b) + dot(b, c) + dot(c, a))
}

/// Angle between two unit vectors [rad].
fn angle(a: Vector, b: Vector) -> f64 {
    2.0 * (norm(subtract(a, b)) / 2.0).asin()
}

fn add(a: Vector, b: Vector) -> Vector {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn subtract(a: Vector, b: Vector) -> Vector {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: Vector, b: Vector) -> Vector {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn norm(a: Vector) -> f64 {
    dot(a, a).sqrt()
}

fn unit(a: Vector) -> Vector {
    let length = norm(a);
    a.map(|x| x / length)
}
