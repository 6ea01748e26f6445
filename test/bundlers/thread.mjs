// The second entry of a bundle: the file that worker threads run.
import 'shardwright/thread';
