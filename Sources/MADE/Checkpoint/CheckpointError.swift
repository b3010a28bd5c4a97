/// Why a model file cannot be read: one line, with the file, the place in it and what would be right.
public struct CheckpointError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Problem: Sendable, Equatable {
        case unreadable(String)
        case notSafetensors(String)
        case wrongType(tensor: String, found: String, expected: String)
        case badShape(tensor: String, shape: [Int], expected: String)
        case badOffsets(tensor: String, offsets: [Int], bytes: Int, dataBytes: Int)
        case holesOrOverlaps(tensor: String, begin: Int, expected: Int)
        case missingTensor(String)
        case unknownTensor(String)
        case notFinite(tensor: String, index: Int, value: String)
        case notZeroOrOne(tensor: String, index: Int, value: String)
        case unsupportedFormatVersion(String)
        case badDescription(String)
        case badMembers(String)
        case badCalibration(String)
        case hiddenWeight(tensor: String, output: Int, input: Int)
        case tooLarge(String)
        case missingMasks(String)
        case activationNeeded
        case activationAlreadyKnown(Activation)
        case weightOverflow(WeightOverflow)
        case notAutoregressive(AutoregressiveViolation)
    }

    /// The file.
    public let path: String
    /// What is wrong with it.
    public let problem: Problem

    /// An error of the file at `path`.
    public init(_ path: String, _ problem: Problem) {
        self.path = path
        self.problem = problem
    }

    /// One line for the user.
    public var description: String { description(naming: \.rawValue) }
}

extension CheckpointError: NamesOptions {
    package func description(naming name: (OptionName) -> String) -> String {
        "\(path): \(problem.description(naming: name))"
    }
}

extension CheckpointError.Problem: CustomStringConvertible {
    /// What is wrong, where, and what would be right.
    public var description: String { description(naming: \.rawValue) }

    fileprivate func description(naming name: (OptionName) -> String) -> String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .notSafetensors(let reason): "not a whole safetensors file: \(reason)"
        case .wrongType(let tensor, let found, let expected): "tensor \(tensor) has type \(found), not \(expected)"
        case .badShape(let tensor, let shape, let expected): "tensor \(tensor) has shape \(shape), not \(expected)"
        case .badOffsets(let tensor, let offsets, let bytes, let dataBytes):
            "tensor \(tensor) has offsets \(offsets) for \(bytes) bytes in a data section of \(dataBytes)"
        case .holesOrOverlaps(let tensor, let begin, let expected):
            "tensor \(tensor) begins at byte \(begin) of the data section, not at \(expected) where the one before it ends"
        case .missingTensor(let tensor): "tensor \(tensor) is missing"
        case .unknownTensor(let tensor): "tensor \(tensor) does not belong to a model"
        case .notFinite(let tensor, let index, let value):
            "tensor \(tensor) holds \(value) at element \(index); weights must be finite"
        case .notZeroOrOne(let tensor, let index, let value):
            "mask \(tensor) holds \(value) at element \(index); a mask holds 0 and 1"
        case .unsupportedFormatVersion(let version):
            "format version \(version) is not one that this program reads (1 and 2)"
        case .badDescription(let reason): "its description of the model is wrong: \(reason)"
        case .badMembers(let reason): "its members are wrong: \(reason)"
        case .badCalibration(let reason): "its calibration is wrong: \(reason)"
        case .hiddenWeight(let tensor, let output, let input):
            "tensor \(tensor) is not zero from input unit \(input) to output unit \(output), which no member's masks let through"
        case .tooLarge(let reason): reason
        case .missingMasks(let reason):
            "\(reason); a PyTorch state dict needs weight, bias and mask of every layer (layers.0.linear.weight, "
                + "layers.0.linear.bias, layers.0.mask, or net.0.weight, net.0.bias, net.0.mask)"
        case .activationNeeded:
            "a PyTorch state dict does not hold its activation; give \(name(.activation)) relu, elu, tanh or sigmoid"
        case .activationAlreadyKnown(let activation):
            "this checkpoint holds its activation (\(activation.rawValue)); leave \(name(.activation)) away"
        case .weightOverflow(let overflow): "\(overflow)"
        case .notAutoregressive(let violation): "\(violation)"
        }
    }
}
