import MADE
import MADERows
import Testing

@testable import MADETraining

/// What a training takes of memory, and that it is refused where there is not as much.
@Suite struct MemoryTests {
    private let table = MarkovTable(count: 40, lag: 2, flips: 0.1).rows(90, seed: 1)

    private func options(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
        var options = TrainingOptions()
        options.hiddenWidths = [64]
        options.memberCount = 2
        options.foldCount = 2
        options.epochsMax = 1
        options.threadCount = 3
        change(&options)
        return options
    }

    private func fits(_ options: TrainingOptions) throws -> [EnsembleFit] {
        let split = try Trainer.split(TrainingTables(train: table), imageWidth: nil, options: options)
        return Trainer.fits(split, schema: TableSchema(binary: table.columns), options: options)
    }

    private func memory(_ options: TrainingOptions) throws -> TrainingMemory { TrainingMemory(try fits(options)) }

    @Test(arguments: [true, false]) func theParametersAreThoseOfTheNetworks(isDirect: Bool) throws {
        for widths in [[64], [16, 32]] {
            let options = options {
                $0.hiddenWidths = widths
                $0.isDirect = isDirect
            }
            let model = try Trainer(options).train(TrainingTables(train: table), name: "m")
            let network = model.networks[0]
            let count = network.layers.reduce(network.direct?.elements.count ?? 0) {
                $0 + $1.weight.elements.count + $1.bias.count
            }
            let memory = try memory(options)
            #expect(memory.parameterCount == count)
            #expect(memory.networkCount == 6, "of the model and of two folds")
        }
    }

    @Test func fewerNetworksAreTrainedSideBySideWhereTheMemoryIsShort() throws {
        let fits = try fits(options())
        let memory = TrainingMemory(fits)
        for count in 1...3 {
            let bytes = memory.byteCount(threadCount: count)
            #expect(try TrainingMemory.threadCount(of: fits, options(), bytesMax: bytes) == count)
            guard count > 1 else { continue }
            #expect(try TrainingMemory.threadCount(of: fits, options(), bytesMax: bytes - 1) == count - 1)
        }
    }

    @Test func aTrainingThatWouldNotFitIsRefusedWithTheArithmetic() throws {
        let needed = try memory(options()).byteCount(threadCount: 1)
        #expect(throws: Never.self) {
            try Trainer(options(), memoryBytesMax: needed).train(TrainingTables(train: table), name: "m")
        }
        let error = try #require(
            throws: TrainingError.self,
            performing: {
                try Trainer(options(), memoryBytesMax: needed - 1).train(TrainingTables(train: table), name: "m")
            })
        guard case .memory(needed, needed - 1, let arithmetic, let remedies) = error else {
            Issue.record("\(error)")
            return
        }
        // 40 inputs, 64 hidden units, 40 outputs, direct connections.
        #expect(arithmetic.hasPrefix("4 bytes × (6 networks of 6824 parameters + 10 copies of 6824 in training) + "))
        #expect(remedies.map(\.changes) == [[.oneMember], [.withoutDirect], [.narrow]])
        #expect(error.description.contains(". These would fit: memberCount 1 (0.0 GB), isDirect = false ("), "\(error)")
        // Each remedy holds what it says.
        #expect(throws: Never.self) {
            let options = options { $0.hiddenWidths = [16] }
            return try Trainer(options, memoryBytesMax: needed - 1).train(TrainingTables(train: table), name: "m")
        }
    }

    @Test func whatOnlySeveralOptionsMakeFitIsOfferedAsOne() throws {
        let smallest = options {
            $0.memberCount = 1
            $0.isDirect = false
            $0.hiddenWidths = [16]
        }
        let bytes = try memory(smallest).byteCount(threadCount: 1)
        func remedies(_ bytesMax: Int) -> [TrainingError.MemoryRemedy]? {
            let trainer = try? Trainer(options(), memoryBytesMax: bytesMax)
            do throws(TrainingError) {
                _ = try trainer?.train(TrainingTables(train: table), name: "m")
                return nil
            } catch {
                guard case .memory(_, _, _, let remedies) = error else { return nil }
                return remedies
            }
        }
        #expect(remedies(bytes) == [.init(changes: [.oneMember, .withoutDirect, .narrow], byteCount: bytes)])
        #expect(remedies(bytes - 1) == [])
    }
}
